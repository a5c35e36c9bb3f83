// The stream of an instance's changes, read as a client reads it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventShape } from "../../scheduler/api/contract.ts";
import { type Engine, startEngine } from "../support/engine.ts";

test("an instance's events tell every change in order, how tries ended, and resume after any of them", async (t) => {
  const engine = await startEngine();
  t.after(() => engine.close());
  const tried = `${engine.folder}/tried`;
  await engine.deploy(`workflow t/tells {
}
task a: shell {
  retries = 1 every 1s
  \`\`\`bash
  [ -e ${tried} ] || { touch ${tried}; exit 3; }
  \`\`\`
}
task b: shell {
  after = a
  \`\`\`bash
  true
  \`\`\`
}
`);
  const { id } = await engine.start("t/tells");
  const all = await eventsOf(engine, id);
  const told = (list: readonly Told[]): string => list.map(({ text }) => text).join(", ");
  assert.equal(
    told(all.filter(({ text }) => text.startsWith("instance"))),
    "instance submitted, instance running, instance succeeded",
  );
  assert.equal(
    told(all.filter(({ text }) => text.includes(" a#"))),
    "task a#1 dispatched, task a#1 running, attempt a#1 failed (exit code 3), task a#1 retry_wait, task a#1 submitted, " +
      "task a#2 dispatched, task a#2 running, task a#2 succeeded",
  );
  assert.deepEqual(
    all.map((one) => one.id),
    all.map((_, index) => String(Number(all[0]?.id) + index)),
  );
  const after = all[Math.floor(all.length / 2)];
  assert.ok(after);
  assert.equal(told(await eventsOf(engine, id, after.id)), told(all.slice(all.indexOf(after) + 1)));
});

interface Told {
  readonly id: string;
  readonly text: string;
}

/** Until the stream ends by itself. */
async function eventsOf(engine: Engine, instance: string, after?: string): Promise<readonly Told[]> {
  const response = await fetch(`${engine.server}/api/v1/instances/${instance}/events`, {
    headers: { Authorization: `Bearer ${engine.token}`, ...(after === undefined ? {} : { "Last-Event-ID": after }) },
    signal: AbortSignal.timeout(10_000),
  });
  const messages = (await response.text()).split("\n\n");
  return messages.flatMap((message) => {
    const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(message) ?? [];
    return id === undefined || data === undefined ? [] : [{ id, text: textOf(JSON.parse(data)) }];
  });
}

const textOf = ({ kind, task, attempt, state, reason }: EventShape): string =>
  `${kind}${task === undefined ? "" : ` ${task}${attempt === undefined ? "" : `#${attempt}`}`} ${state}${reason === undefined ? "" : ` (${reason})`}`;
