import assert from "node:assert/strict";
import { test } from "node:test";
import { startEngine } from "../support/engine.ts";
import { porpoise } from "../support/porpoise.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

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

test("a start whose answer is cut off is one instance, and the command goes on as if nothing had happened", async (t) => {
  const engine = await startEngine();
  t.after(() => engine.close());
  await engine.deploy(child);
  const proxy = await startTcpProxy(Number(new URL(engine.server).port));
  t.after(() => proxy.close());
  proxy.cutNextReply();
  const ran = await porpoise(["run", "t/child", "--follow"], {
    cwd: engine.folder,
    env: { PORPOISE_SERVER: `http://127.0.0.1:${proxy.port}`, PORPOISE_TOKEN: engine.token },
  });
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(ran.stdout, "hello | hello nobody\n");
  const { body } = await engine.request("GET", "/instances");
  assert.equal((body as { items: unknown[] }).items.length, 1);
});
