// What the processes say while instances run, fail, and change their owner: whoever looks for an instance finds all of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "../../scheduler/model/logger.ts";
import { startEngine } from "../support/engine.ts";
import { assertNamed, type LogLine } from "../support/log-lines.ts";

test("every line about an instance, a task or an attempt names it alike in api, master and worker", async (t) => {
  const lines: LogLine[] = [];
  const keep =
    (level: string) =>
    (fields: object, msg: string): void =>
      void lines.push({ ...fields, level, msg });
  const log: Logger = { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  const engine = await startEngine({ log });
  t.after(() => engine.close());
  await engine.deploy(
    "workflow t/two {\n}\n\ntask a: shell {\n  ```bash\n  sleep 600\n  ```\n}\n\ntask b: shell {\n  ```bash\n  exit 3\n  ```\n}\n",
  );
  const { id } = await engine.start("t/two");
  await engine.until(id, ({ tasks = [] }) => tasks.map(({ state }) => state).join() === "running,failed");
  const [first] = [engine.master()];
  await engine.killMaster(first);
  const second = await engine.startMaster();
  await engine.until(id, ({ owner }) => owner === second.incarnation);
  await engine.ask(id, "stop");
  await engine.over(id);

  assertNamed(lines);
  const of = (message: string): readonly LogLine[] => lines.filter(({ msg }) => msg === message);
  const [made] = of("an instance was asked for");
  assert.equal(made?.["instance"], id);
  assert.deepEqual(
    of("this master owns the instance now").map((line) => [line["instance"], line["master"]]),
    [
      [id, first.incarnation],
      [id, second.incarnation],
    ],
  );
  const { tasks = [] } = await engine.instance(id);
  for (const task of tasks) {
    for (const { attempt, worker } of task.attempts) {
      for (const message of ["the attempt starts", "the attempt ends"]) {
        const found = of(message).filter((line) => line["task"] === task.id && line["attempt"] === attempt);
        assert.deepEqual(
          found.map((line) => [line["instance"], line["worker"]]),
          [[id, worker]],
          `${message}: ${task.id}#${attempt}`,
        );
      }
    }
  }
  const [failed] = of("the attempt has failed");
  assert.deepEqual([failed?.["task"], failed?.["master"]], [tasks[1]?.id, first.incarnation]);
  const [rest] = of("the instance has come to rest");
  assert.deepEqual([rest?.["instance"], rest?.["state"], rest?.["master"]], [id, "stopped", second.incarnation]);
});
