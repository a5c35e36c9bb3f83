// Following a log over cut connections and through retries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "../../extension/client.ts";
import { wholeLines } from "../../extension/instance-follower.ts";
import { followTaskLog } from "../../extension/log-follower.ts";
import { type AttemptScript, startLogServer } from "./log-server.ts";

const lines = (count: number) => Array.from({ length: count }, (_, line) => `line ${line}\n`).join("");

async function followed(attempts: readonly AttemptScript[], cut: { size: number; pieces: number }) {
  const server = await startLogServer(attempts, cut);
  const seen: string[] = [];
  const started: number[] = [];
  try {
    const sink = {
      text: (text: string) => seen.push(text),
      attemptStarted: (attempt: number) => started.push(attempt),
    };
    const client = () => createClient({ url: server.url, token: "t" });
    await followTaskLog("1", "1.0", sink, { client, signal: AbortSignal.timeout(20_000) });
  } finally {
    await server.close();
  }
  return { text: seen.join(""), started, begun: server.begun };
}

test("a log that is cut off again and again arrives whole, without a gap or a repeat", async () => {
  const log = lines(20);
  const { text, begun } = await followed([{ log, state: "succeeded" }], { size: 30, pieces: 2 });
  assert.equal(text, log);
  assert.deepEqual(begun.slice(0, 3), ["1:0", "1:60", "1:120"]);
});

test("the log goes on with the next attempt when one has failed", async () => {
  const attempts: AttemptScript[] = [
    { log: "first\n", state: "failed" },
    { log: "second\n", state: "succeeded" },
  ];
  const { text, started } = await followed(attempts, { size: 1000, pieces: 1 });
  assert.equal(text, "first\nsecond\n");
  assert.deepEqual(started, [1, 2]);
});

test("nobody listening is an unreachable scheduler, said in words", async () => {
  const server = await startLogServer([], { size: 1, pieces: 1 });
  await server.close();
  await assert.rejects(createClient({ url: server.url, token: "t" }).instance("1"), {
    kind: "unreachable",
    message: `${server.url} cannot be reached: nothing listens there`,
  });
});

test("a line is given out when its end has come, the rest when asked to", () => {
  const seen: string[] = [];
  const cutter = wholeLines((line) => seen.push(line));
  cutter.add("one\ntw");
  cutter.add("o\r\nthree");
  assert.deepEqual(seen, ["one", "two"]);
  cutter.flush();
  cutter.flush();
  assert.deepEqual(seen, ["one", "two", "three"]);
});
