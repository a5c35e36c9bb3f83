// The registries there are, one line each.

import type { Knex } from "knex";
import type { Logger } from "../model/logger.ts";
import type { Registry } from "./contract.ts";
import { databaseRegistry } from "./database.ts";
import { etcdRegistry } from "./etcd.ts";
import { zookeeperRegistry } from "./zookeeper.ts";

export type RegistrySettings =
  | { readonly type: "database"; readonly knex: Knex; readonly leaseMs: number; readonly log: Logger }
  /** `connect`: `host:port,host:port`, with a path behind it where the cluster is not to be at `/porpoise`. */
  /** `connect`: as ZooKeeper's; its servers speak HTTP there. */
  | { readonly type: "etcd"; readonly connect: string; readonly leaseMs: number; readonly log: Logger }
  | { readonly type: "zookeeper"; readonly connect: string; readonly leaseMs: number; readonly log: Logger };

export type RegistryType = RegistrySettings["type"];

type Openers = {
  readonly [Type in RegistryType]: (settings: Extract<RegistrySettings, { readonly type: Type }>) => Registry;
};

export const registries: Openers = {
  database: ({ knex, leaseMs, log }) => databaseRegistry({ knex, beatMs: leaseMs / 4, ttlMs: leaseMs, log }),
  etcd: (settings) => etcdRegistry(settings),
  zookeeper: ({ connect, leaseMs, log }) => zookeeperRegistry({ connect, sessionTimeoutMs: leaseMs, log }),
};

/** Does not wait for the other side: the registry's session tells when it stands. */
export async function openRegistry(settings: RegistrySettings): Promise<Registry> {
  switch (settings.type) {
    case "database":
      return registries.database(settings);
    case "etcd":
      return registries.etcd(settings);
    case "zookeeper":
      return registries.zookeeper(settings);
  }
}
