// A registry in a process of its own, for tests that freeze or kill it: joins as it is told, holds a lock, says what it hears.
// When its session is lost it joins again under another name.

import { incarnation } from "../../scheduler/model/ids.ts";
import type { Member, Registry } from "../../scheduler/registry/contract.ts";
import { databaseRegistry } from "../../scheduler/registry/database.ts";
import { etcdRegistry } from "../../scheduler/registry/etcd.ts";
import { zookeeperRegistry } from "../../scheduler/registry/zookeeper.ts";
import { connect, type DatabaseSettings } from "../../scheduler/store/connect.ts";
import { keptLog } from "./wire.ts";

export type RegistryProcessSettings =
  | { readonly type: "database"; readonly database: DatabaseSettings; readonly beatMs: number; readonly ttlMs: number }
  | { readonly type: "zookeeper"; readonly connect: string; readonly sessionTimeoutMs: number }
  | { readonly type: "etcd"; readonly connect: string; readonly leaseMs: number };

// Both are what the test that starts this process wrote.
const settings = JSON.parse(process.argv[2] ?? "") as RegistryProcessSettings;
const member = JSON.parse(process.argv[3] ?? "") as Member;
const say = (what: string): void => void process.stdout.write(`${what}\n`);

const registry = await open();
let hasLost = false;
registry.onSession((state) => {
  say(state);
  if (state === "lost") hasLost = true;
  const name = member.incarnation.split("#")[0];
  if (state === "connected")
    void join({ ...member, incarnation: hasLost ? incarnation(`${name}-again`, "1") : member.incarnation });
});
// Its session may be lost while it waits; then it does not hold it, which is all there is to say.
const lock = await registry
  .lock("held elsewhere", new AbortController().signal)
  .catch((error) => say(`no lock: ${error}`));
if (lock) {
  say("lock");
  lock.lost.addEventListener("abort", () => say("lock lost"));
}

async function join(as: Member): Promise<void> {
  try {
    await registry.join(as);
    say("joined");
  } catch (error) {
    say(`not joined: ${error}`);
    setTimeout(() => void join(as), 100);
  }
}

async function open(): Promise<Registry> {
  if (settings.type === "zookeeper") return zookeeperRegistry({ ...settings, log: keptLog() });
  if (settings.type === "etcd") return etcdRegistry({ ...settings, log: keptLog() });
  return databaseRegistry({ ...settings, knex: await connect(settings.database), log: keptLog() });
}
