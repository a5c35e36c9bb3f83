import assert from "node:assert/strict";
import { test } from "node:test";
import { startEngine } from "../support/engine.ts";
import { porpoise } from "../support/porpoise.ts";

const script = (lines: string): string => `  \`\`\`bash\n  ${lines}\n  \`\`\`\n}\n`;

const child = `workflow t/child {
  param who: string = "nobody"
}
task hello: shell {
${script(`echo "hello \${who}"`)}`;

const parent = `workflow t/parent {
  param regions: list = ["eu", "us"]
}
task first: shell {
  retries = 1 every 1s
${script('echo "try $PORPOISE_ATTEMPT"; [ "$PORPOISE_ATTEMPT" = 2 ]')}
task one: sub_workflow {
  after = first
  workflow = t/child
  in who: string = "you"
}
task each: sub_workflow {
  after = first
  workflow = t/child
  for_each = regions as who
}
`;

test("a followed run prints the lines of every attempt, and those of sub-workflows behind their task's name", async (t) => {
  const engine = await startEngine();
  t.after(() => engine.close());
  await engine.deploy(parent, { "child.flow": child });
  const ran = await porpoise(["run", "t/parent", "--follow"], {
    cwd: engine.folder,
    env: { PORPOISE_SERVER: engine.server, PORPOISE_TOKEN: engine.token },
  });
  assert.equal(ran.code, 0, ran.stderr);
  const lines = ran.stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ +\|/, " |").replace(/\[\d+\]/, "[…]"));
  assert.deepEqual(lines.slice(0, 2), ["first | try 1", "first#2 | try 2"]);
  assert.deepEqual(lines.slice(2).sort(), [
    "each[…]/hello | hello eu",
    "each[…]/hello | hello us",
    "one/hello | hello you",
  ]);
  assert.match(ran.stderr, /instance \d+ succeeded after/);
});
