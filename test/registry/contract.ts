// What every registry promises; run on each implementation against the real thing.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { incarnation } from "../../scheduler/model/ids.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import type {
  Member,
  MemberChange,
  MemberData,
  MemberKind,
  Registry,
  SessionState,
} from "../../scheduler/registry/contract.ts";
import { eventually } from "../support/worker.ts";

/** What a suite runs on: registries of several processes on one cluster, empty at the start. */
export interface RegistryCluster {
  readonly leaseMs: number;
  open(): Registry;
  /** A registry in a process of its own that has joined as this member; it can be frozen and killed. Absent: one process only. */
  readonly openElsewhere?: (member: Member) => Promise<OtherProcess>;
}

export interface OtherProcess {
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** Resolves when it says this. */
  said(what: SessionState | "joined" | "lock" | "lock lost"): Promise<void>;
}

export function registryContract(name: string, makeCluster: (t: TestContext) => Promise<RegistryCluster>): void {
  test(`${name}: who joins is seen by all, with its data and its changes, until it leaves`, async (t) => {
    const cluster = await makeCluster(t);
    const [one, other] = [opened(t, cluster), opened(t, cluster)];
    const seen = changes(other, "worker");
    const me = member("worker", "w1");
    await one.join(me);
    await seen.heard("added w1");
    assert.deepEqual(await other.members("worker"), [me]);
    assert.deepEqual(await one.members("worker"), [me]);
    assert.deepEqual(await other.members("master"), []);
    await one.update({ ...me.data, slotsUsed: 3, status: "draining" });
    await seen.heard("updated w1");
    assert.equal((await other.members("worker"))[0]?.data.slotsUsed, 3);
    await one.leave();
    const removed = await seen.heard("removed w1");
    assert.equal(removed.member.data.slotsUsed, 3);
    assert.deepEqual(await other.members("worker"), []);
  });

  test(`${name}: who watches late hears of everyone present, and nothing after it stopped`, async (t) => {
    const cluster = await makeCluster(t);
    const [one, two, three] = [opened(t, cluster), opened(t, cluster), opened(t, cluster)];
    await one.join(member("api", "a1"));
    await two.join(member("api", "a2"));
    const seen = changes(three, "api");
    await Promise.all([seen.heard("added a1"), seen.heard("added a2")]);
    seen.stop();
    await one.leave();
    await eventually(async () => ((await three.members("api")).length === 1 ? true : undefined), "the leaving");
    assert.equal(seen.all.length, 2);
  });

  test(`${name}: closing takes the membership along`, async (t) => {
    const cluster = await makeCluster(t);
    const [one, other] = [opened(t, cluster), opened(t, cluster)];
    const seen = changes(other, "master");
    await one.join(member("master", "m1"));
    await seen.heard("added m1");
    await one.close();
    await seen.heard("removed m1");
  });

  test(`${name}: a watch goes on through many changes`, async (t) => {
    const cluster = await makeCluster(t);
    const watcher = opened(t, cluster);
    const seen = changes(watcher, "worker");
    const one = opened(t, cluster);
    for (let round = 0; round < 5; round += 1) {
      await one.join(member("worker", `w${round}`));
      await seen.heard(`added w${round}`);
      await one.leave();
      await seen.heard(`removed w${round}`);
    }
  });

  test(`${name}: a killed process is gone after its lease and not before`, async (t) => {
    const cluster = await makeCluster(t);
    const watcher = opened(t, cluster);
    const seen = changes(watcher, "worker");
    if (cluster.openElsewhere === undefined) return t.skip("one process only");
    const other = await cluster.openElsewhere(member("worker", "doomed"));
    await seen.heard("added doomed");
    const killedMs = performance.now();
    await other.kill();
    await seen.heard("removed doomed", cluster.leaseMs * 3);
    const tookMs = performance.now() - killedMs;
    assert.ok(tookMs > cluster.leaseMs * 0.3 && tookMs < cluster.leaseMs + 2_500, `after ${tookMs} ms`);
  });

  test(`${name}: a frozen process loses its session, learns so when it wakes, and joins again`, async (t) => {
    const cluster = await makeCluster(t);
    const watcher = opened(t, cluster);
    const seen = changes(watcher, "worker");
    if (cluster.openElsewhere === undefined) return t.skip("one process only");
    const other = await cluster.openElsewhere(member("worker", "frozen"));
    await seen.heard("added frozen");
    other.freeze();
    await seen.heard("removed frozen", cluster.leaseMs * 3);
    other.thaw();
    await other.said("lost");
    await other.said("joined");
    await seen.heard("added frozen-again");
  });

  test(`${name}: one at a time holds a lock, in the order of asking`, async (t) => {
    const cluster = await makeCluster(t);
    const all = Array.from({ length: 4 }, () => opened(t, cluster));
    const { signal } = new AbortController();
    // Who is connected asks at once.
    for (const [index, one] of all.entries()) await (await one.lock(`own ${index}`, signal)).release();
    const order: number[] = [];
    let holders = 0;
    const first = await (all[0] ?? assert.fail()).lock("l", signal);
    const waiting: Promise<void>[] = [];
    for (const [index, registry] of all.entries()) {
      waiting.push(
        registry.lock("l", signal).then(async (lock) => {
          holders += 1;
          assert.equal(holders, 1);
          order.push(index);
          await new Promise((resolve) => setImmediate(resolve));
          holders -= 1;
          await lock.release();
        }),
      );
      // Each asks after the one before stands in the queue.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.deepEqual(order, []);
    await first.release();
    await Promise.all(waiting);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  test(`${name}: who gives up waiting holds up nobody, and other locks are free`, async (t) => {
    const cluster = await makeCluster(t);
    const [one, two, three] = [opened(t, cluster), opened(t, cluster), opened(t, cluster)];
    const { signal } = new AbortController();
    const held = await one.lock("l", signal);
    await (await two.lock("another", signal)).release();
    const given = new AbortController();
    const waits = two.lock("l", given.signal);
    const after = three.lock("l", signal);
    given.abort();
    await assert.rejects(waits, (error) => error instanceof OperationError && error.code === "aborted");
    await held.release();
    await (await after).release();
    await assert.rejects(
      one.lock("l", AbortSignal.abort()),
      (error) => error instanceof OperationError && error.code === "aborted",
    );
  });

  test(`${name}: a lock goes with the session of its holder, who is told`, async (t) => {
    const cluster = await makeCluster(t);
    const waiter = opened(t, cluster);
    if (cluster.openElsewhere === undefined) return t.skip("one process only");
    const other = await cluster.openElsewhere(member("worker", "holder"));
    await other.said("lock");
    other.freeze();
    const lock = await waiter.lock("held elsewhere", AbortSignal.timeout(cluster.leaseMs * 4));
    assert.equal(lock.lost.aborted, false);
    other.thaw();
    await other.said("lock lost");
    await lock.release();
  });

  test(`${name}: the acknowledged past is what it says, and -Infinity at first`, async (t) => {
    const cluster = await makeCluster(t);
    const one = opened(t, cluster);
    assert.equal(one.lastAckMs(), Number.NEGATIVE_INFINITY);
    await one.join(member("worker", "w1"));
    const first = one.lastAckMs();
    assert.ok(first <= performance.now() && first > performance.now() - cluster.leaseMs);
    await eventually(() => (one.lastAckMs() > first ? true : undefined), "a newer acknowledgement");
  });

  test(`${name}: what came of the session is told to who asks, from its present state on`, async (t) => {
    const cluster = await makeCluster(t);
    const one = opened(t, cluster);
    const states: SessionState[] = [];
    const stop = one.onSession((state) => states.push(state));
    await one.join(member("worker", "w1"));
    assert.deepEqual(states, ["suspended", "connected"]);
    stop();
    const late: SessionState[] = [];
    one.onSession((state) => late.push(state));
    assert.deepEqual(late, ["connected"]);
  });
}

export function opened(t: TestContext, cluster: Pick<RegistryCluster, "open">): Registry {
  const registry = cluster.open();
  t.after(() => registry.close());
  return registry;
}

export const member = (kind: MemberKind, name: string): Member => ({
  kind,
  incarnation: incarnation(name, "1"),
  data: memberData,
});

export const memberData: MemberData = {
  host: "127.0.0.1",
  port: 4300,
  pid: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  cpu: 0.25,
  memory: 0.5,
  slots: 8,
  slotsUsed: 0,
  status: "ready",
  groups: ["default", "größe"],
};

/** Everything a watcher hears, as `added name`. */
export function changes(registry: Registry, kind: MemberKind) {
  const all: MemberChange[] = [];
  const stop = registry.watch(kind, (change) => void all.push(change));
  const say = ({ kind: what, member: of }: MemberChange): string => `${what} ${of.incarnation.split("#")[0]}`;
  let from = 0;
  return {
    all,
    stop,
    /** The next change of this name after those that were waited for. */
    heard: async (what: string, limitMs = 10_000): Promise<MemberChange> => {
      const index = await eventually(
        () => {
          const found = all.findIndex((change, at) => at >= from && say(change) === what);
          return found < 0 ? undefined : found;
        },
        `"${what}" (heard: ${all.map(say).join(", ")})`,
        limitMs,
      );
      if (index === from) from += 1;
      return all[index] ?? assert.fail();
    },
    says: () => all.map(say),
  };
}
