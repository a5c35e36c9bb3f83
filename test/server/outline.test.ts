// The outline that the client's menus are made of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { outlineOf } from "../../server/outline.ts";

const text = `workflow retail/daily "Daily" {
  param bizdate: date = "$[yyyy-MM-dd-1]"
  param region: string
}

task load: shell {
  files = ["jobs/load.sh", "jobs/common.sh"]
  \`\`\`sh
  sh jobs/load.sh
  \`\`\`
}

task check: shell {
  after = load
  files = ["jobs/common.sh"]
  \`\`\`sh
  true
  \`\`\`
}
`;

test("an outline names the workflow, its params, its tasks and each file once", () => {
  assert.deepEqual(outlineOf(text), {
    project: "retail",
    workflow: "daily",
    params: [
      { name: "bizdate", type: "date", value: "$[yyyy-MM-dd-1]" },
      { name: "region", type: "string" },
    ],
    tasks: ["load", "check"],
    files: ["jobs/load.sh", "jobs/common.sh"],
  });
});

test("a text with mistakes is outlined as far as it can be read", () => {
  const outline = outlineOf(`${text}\ntask broken: nothing {\n  what = = =\n}\nload >> nowhere\n`);
  assert.deepEqual(outline?.tasks, ["load", "check", "broken"]);
});

test("a text without a workflow has no outline", () => assert.equal(outlineOf("just words"), undefined));
