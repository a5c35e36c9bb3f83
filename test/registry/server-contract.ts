// What every registry on a server of its own promises when that server fails; run against the real one.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import type { Registry, SessionState } from "../../scheduler/registry/contract.ts";
import { eventually } from "../support/worker.ts";
import { changes, member, opened, type RegistryCluster } from "./contract.ts";

export interface FailingServer {
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
  wipe(): Promise<void>;
}

export function registryServerContract(
  name: string,
  makeCluster: (t: TestContext) => Promise<RegistryCluster>,
  server: () => FailingServer,
): void {
  test(`${name}: a paused server suspends the session; when it is back in time, nothing was lost`, async (t) => {
    const { open } = await makeCluster(t);
    const registry = opened(t, { open });
    const states = statesOf(registry);
    await registry.join(member("worker", "w1"));
    server().pause();
    t.after(() => server().resume());
    await eventually(() => (states.at(-1) === "suspended" ? true : undefined), "suspended");
    server().resume();
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
    assert.equal(states.includes("lost"), false);
    assert.equal((await registry.members("worker")).length, 1);
  });

  test(`${name}: a server that is away for longer than the lease costs the session, and the next one stands by itself`, async (t) => {
    const { open } = await makeCluster(t);
    const registry = opened(t, { open });
    const watcher = opened(t, { open });
    const seen = changes(watcher, "worker");
    const states = statesOf(registry);
    await registry.join(member("worker", "w1"));
    await seen.heard("added w1");
    const lock = await registry.lock("l", new AbortController().signal);
    const ackMs = registry.lastAckMs();
    server().pause();
    t.after(() => server().resume());
    await eventually(() => (lock.lost.aborted ? true : undefined), "the loss of the lock");
    assert.ok(performance.now() < registry.lastAckMs() + registry.leaseMs || registry.lastAckMs() < ackMs);
    await eventually(() => (states.includes("lost") ? true : undefined), "lost");
    server().resume();
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
    await registry.join(member("worker", "w2"));
    await seen.heard("added w2");
    await seen.heard("removed w1");
  });

  test(`${name}: who asked to join before the session was lost never stands in the next one`, async (t) => {
    const { open } = await makeCluster(t);
    const [registry, other] = [opened(t, { open }), opened(t, { open })];
    const states = statesOf(registry);
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
    server().pause();
    t.after(() => server().resume());
    await eventually(() => (states.at(-1) === "suspended" ? true : undefined), "suspended");
    const refused = assert.rejects(registry.join(member("worker", "w1")), OperationError);
    await eventually(() => (states.includes("lost") ? true : undefined), "lost");
    server().resume();
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
    await refused;
    assert.deepEqual(await other.members("worker"), []);
  });

  test(`${name}: who tells its load while the session is lost hears that it must join first`, async (t) => {
    const { open } = await makeCluster(t);
    const registry = opened(t, { open });
    const states = statesOf(registry);
    const { data } = member("worker", "w1");
    await registry.join(member("worker", "w1"));
    server().pause();
    t.after(() => server().resume());
    await eventually(() => (states.at(-1) === "suspended" ? true : undefined), "suspended");
    // Again and again, so that one of them waits while the session is lost and the next one comes.
    const told: Promise<unknown>[] = [];
    const telling = setInterval(() => told.push(registry.update(data).catch((error: unknown) => error)), 50);
    t.after(() => clearInterval(telling));
    await eventually(() => (states.includes("lost") ? true : undefined), "lost");
    server().resume();
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
    clearInterval(telling);
    const answers = await Promise.all(told);
    for (const answer of answers) assert.ok(answer instanceof OperationError, String(answer));
    assert.ok(answers.some((answer) => answer instanceof OperationError && /it must join first/.test(answer.message)));
  });

  test(`${name}: a restarted server keeps sessions, watches and memberships`, async (t) => {
    const { open, leaseMs } = await makeCluster(t);
    const restarted = async (worker: string) => {
      const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
      const seen = changes(watcher, "worker");
      await registry.join(member("worker", worker));
      await seen.heard(`added ${worker}`);
      const beganMs = performance.now();
      await server().restart();
      return { registry, seen, worker, tookMs: performance.now() - beganMs };
    };
    let last = await restarted("w1");
    // On a busy machine it may be away for a lease: then nothing is promised.
    for (let round = 2; last.tookMs > leaseMs / 2 && round <= 5; round += 1) last = await restarted(`w${round}`);
    const { registry, seen, worker: kept } = last;
    // It may be back before anybody has noticed: what counts is that the membership can be told on, and is heard of.
    const data = { ...member("worker", kept).data, slotsUsed: 5 };
    await eventually(
      () =>
        registry.update(data).then(
          () => true,
          () => undefined,
        ),
      "an update after the restart",
    );
    await seen.heard(`updated ${kept}`);
    assert.equal(seen.says().includes(`removed ${kept}`), false);
  });

  test(`${name}: a lock that is given back while the server is away is free when it is back`, async (t) => {
    const { open } = await makeCluster(t);
    const [one, two] = [opened(t, { open }), opened(t, { open })];
    const lock = await one.lock("l", new AbortController().signal);
    await server().kill();
    const released = lock.release();
    await server().restart();
    await released;
    const wanted = AbortSignal.timeout(15_000);
    const next = await eventually(() => two.lock("l", wanted).catch(() => undefined), "the lock", 15_000);
    await next.release();
  });

  test(`${name}: a wiped server costs the session, and everything starts again on the empty one`, async (t) => {
    const { open } = await makeCluster(t);
    const [registry, watcher] = [opened(t, { open }), opened(t, { open })];
    const seen = changes(watcher, "worker");
    const states = statesOf(registry);
    await registry.join(member("worker", "w1"));
    await seen.heard("added w1");
    await server().wipe();
    await eventually(
      () => (states.includes("lost") && states.at(-1) === "connected" ? true : undefined),
      "lost and connected",
      15_000,
    );
    await registry.join(member("worker", "w2"));
    await seen.heard("added w2", 15_000);
    await seen.heard("removed w1");
  });

  test(`${name}: a registry waits for a server that is not there yet, and says so to who cannot wait`, async (t) => {
    const { open } = await makeCluster(t);
    await server().kill();
    t.after(() => server().restart());
    const registry = opened(t, { open });
    await assert.rejects(
      registry.join(member("worker", "w1")),
      /no session with \w+ at 127\.0\.0\.1:\d+\S* stands: is it running there\?/,
    );
    const states = statesOf(registry);
    assert.deepEqual(states, ["suspended"]);
    await server().restart();
    await eventually(() => (states.at(-1) === "connected" ? true : undefined), "connected");
    await registry.join(member("worker", "w1"));
  });
}

/** What a registry says of its session, from now on. */
export function statesOf(registry: Pick<Registry, "onSession">): SessionState[] {
  const states: SessionState[] = [];
  registry.onSession((state) => states.push(state));
  return states;
}
