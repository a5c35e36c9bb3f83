// biome-ignore-all lint/suspicious/noTemplateCurlyInString: scripts hold placeholders

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type Engine, startEngine } from "../support/engine.ts";

const load = `workflow t/load {\n}\n\ntask fill: sql {\n  datasource = local\n  out n: integer\n  \`\`\`sql\n  create table if not exists t (i integer);\n  insert into t values (1), (2);\n  select count(*) as n from t;\n  \`\`\`\n}\n\ntask tell: shell {\n  after = fill\n  \`\`\`sh\n  echo "there are \${n}"\n  \`\`\`\n}\n`;

describe("data sources", () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await engine.deploy(load);
  });
  after(() => engine.close());

  test("a task whose data source is not there fails with the reason, without an attempt", async () => {
    const [task] = (await engine.run("t/load")).tasks ?? [];
    assert.deepEqual([task?.state, task?.attempts.length], ["failed", 0]);
    assert.equal(task?.reason, 'this server has no data source "local": create it, or name another');
  });

  test("its statements run, and their columns are the outputs of the task", async () => {
    const database = path.join(engine.folder, "local.db");
    await engine.request("PUT", "/datasources/local", { kind: "sqlite", database });
    const { id } = await engine.start("t/load");
    const ended = await engine.over(id);
    assert.equal(ended.state, "succeeded", JSON.stringify(ended.tasks));
    assert.match(await engine.log(`${id}.1`), /there are 2/);
    await engine.assertNothingLeft();
  });

  test("a password that cannot be read fails the task and says so", async () => {
    await engine.database.knex("datasource").update({ password: "v1:AAAA:AAAA:AAAA", updated_at: 1 });
    await engine.until((await engine.start("t/load")).id, (one) => {
      const reason = one.tasks?.[0]?.reason ?? "";
      return /a stored password cannot be read: the servers' encryption key is another one/.test(reason);
    });
  });
});
