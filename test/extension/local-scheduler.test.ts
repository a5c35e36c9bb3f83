// The extension's client, local scheduler and runs store against the real scheduler, run from source.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "../../extension/client.ts";
import { followInstance } from "../../extension/instance-follower.ts";
import {
  LocalSchedulerError,
  readContext,
  runningLocalScheduler,
  startLocalScheduler,
  stopLocalScheduler,
} from "../../extension/local-scheduler.ts";
import { createRunsStore } from "../../extension/views/runs-store.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const program = fileURLToPath(new URL("../../scheduler/cli/main.ts", import.meta.url));
const limit = () => AbortSignal.timeout(30_000);

const text = `workflow examples/hello "Hello" {
  param who: string = "world"
}

task greet: shell {
  out said: string
  \`\`\`sh
  echo "hello \${who}"
  echo "#{setValue(said=hello)}"
  \`\`\`
}

task done: shell {
  after = greet
  \`\`\`sh
  echo "done"
  \`\`\`
}
`;

let folder: string;
let client: Client;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "porpoise-local-"));
  client = createClient(await startLocalScheduler({ folder, program, signal: limit() }));
  await client.deploy({ files: [{ path: "hello.flow", text }] });
});

after(async () => {
  const running = await runningLocalScheduler(folder);
  if (running !== undefined) await stopLocalScheduler(running);
  assert.equal(await runningLocalScheduler(folder), undefined);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

test("a scheduler that runs for the folder is joined, not started again", async () => {
  const again = await startLocalScheduler({ folder, program, signal: limit() });
  assert.equal(again.url, client.url);
});

test("a start whose answer is cut off is one instance", async (t) => {
  const { url, token } = await startLocalScheduler({ folder, program, signal: limit() });
  const proxy = await startTcpProxy(Number(new URL(url).port));
  t.after(() => proxy.close());
  const before = (await client.instances({})).items.length;
  proxy.cutNextReply();
  await createClient({ url: `http://127.0.0.1:${proxy.port}`, token }).start("examples", "hello", {});
  assert.equal((await client.instances({})).items.length, before + 1);
});

test("an instance that is followed gives out each line of its tasks once, behind the task's name", async () => {
  const { id } = await client.start("examples", "hello", { params: { who: "porpoise" } });
  const lines: string[] = [];
  const remarks: string[] = [];
  await followInstance(id, {
    client: () => client,
    line: (line) => lines.push(line),
    attemptStarted: (task, attempt) => remarks.push(`${task} ${attempt}`),
    signal: limit(),
  });
  assert.deepEqual(lines, ["[greet] hello porpoise", "[greet] #{setValue(said=hello)}", "[done] done"]);
  assert.deepEqual(remarks, []);
});

test("an opened instance changes in the runs store without being asked for", async () => {
  let wake: () => void = () => undefined;
  const store = createRunsStore({ client, changed: () => wake() });
  try {
    await store.refresh();
    const [workflow] = store.workflows();
    assert.equal(workflow?.workflow, "hello");
    const { id } = await client.start("examples", "hello", {});
    await store.openInstance(id);
    const deadline = limit();
    while (store.instance(id)?.state !== "succeeded") {
      assert.ok(!deadline.aborted, `the instance still looks ${store.instance(id)?.state}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
        if (store.instance(id)?.state === "succeeded") resolve();
      });
    }
    const states = store.instance(id)?.tasks?.map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(states, ["greet succeeded", "done succeeded"]);
  } finally {
    store.dispose();
  }
});

test("a refused deployment says where the problem is", async () => {
  const broken = text.replace("after = greet", "after = nobody");
  await assert.rejects(client.deploy({ files: [{ path: "hello.flow", text: broken }] }), (error: unknown) => {
    assert.ok(error instanceof Error && "problems" in error && Array.isArray(error.problems));
    const [problem] = error.problems;
    assert.equal(problem.code, "name/unknown-task");
    assert.equal(problem.range.start.line, 13);
    return true;
  });
});

test("a token that the scheduler does not know is `unauthorized`", async () => {
  const stranger = createClient({ url: client.url, token: "nonsense" });
  await assert.rejects(stranger.projects(), { kind: "unauthorized" });
});

test("a scheduler that cannot start is reported with its last words", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "porpoise-local-"));
  try {
    const broken = path.join(other, "broken.mjs");
    await writeFile(broken, 'console.error("the disk is full"); process.exitCode = 3;');
    await assert.rejects(startLocalScheduler({ folder: other, program: broken, signal: limit() }), (error: unknown) => {
      assert.ok(error instanceof LocalSchedulerError);
      assert.match(error.message, /exit code 3/);
      assert.equal(error.output, "the disk is full");
      return true;
    });
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});

test("a context that leads to another machine is not followed", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "porpoise-local-"));
  try {
    await mkdir(path.join(other, ".porpoise"));
    const context = { server: "http://scheduler.example.com:4300", token: "t" };
    await writeFile(path.join(other, ".porpoise/context.json"), JSON.stringify(context));
    assert.equal(await readContext(other), undefined);
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});
