// The registry in the simulated database: the scheduler's own code, over a way there that faults can close.

import { databaseRegistry } from "../../scheduler/registry/database.ts";
import type { DatabaseServer } from "./database.ts";
import type { RegistryServer } from "./registry.ts";

export function registryInDatabase(server: DatabaseServer, leaseMs: number): RegistryServer {
  const blocked = new Set<string>();
  let isAway = false;

  return {
    leaseMs,
    clientOf: (process, log) =>
      databaseRegistry({
        knex: server.openFor(process, () => !isAway && !blocked.has(process.name)).knex,
        beatMs: leaseMs / 4,
        ttlMs: leaseMs,
        lookMs: leaseMs / 10,
        clock: process.clock,
        log,
      }),
    setAway: (next) => {
      isAway = next;
      server.wake();
    },
    wipe: () => {
      for (const table of tables(server)) server.own.exec(`delete from ${table}`);
    },
    expire: (name) => {
      const [sessions, ...belongings] = tables(server);
      if (sessions === undefined) return;
      const found = server.own
        .prepare("select session from registry_members where incarnation like ?")
        .all([`${name}#%`]) as readonly { readonly session: string }[]; // the column asked for
      for (const { session } of found) {
        server.own.prepare(`delete from ${sessions} where id = ?`).run([session]);
        for (const table of belongings) server.own.prepare(`delete from ${table} where session = ?`).run([session]);
      }
    },
    block: (name) => void blocked.add(name),
    heal: () => {
      blocked.clear();
      server.wake();
    },
  };
}

/** None before the first process has made them. */
function tables({ own }: DatabaseServer): readonly string[] {
  const names = ["registry_sessions", "registry_members", "registry_tickets", "registry_holders"];
  const there = own.prepare("select name from sqlite_master where name like 'registry_%' and type = 'table'").all([]);
  return there.length < names.length ? [] : names;
}
