// A private PostgreSQL for a test: an own folder, a free loopback port, user `postgres` without a password.

import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort, startServerProcess } from "./server-process.ts";

export interface PostgresqlServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: "postgres";
  query(text: string): Promise<readonly { readonly [column: string]: unknown }[]>;
  stop(): Promise<void>;
}

export async function startPostgresql(): Promise<PostgresqlServer> {
  const [initdb] = globSync("/usr/lib/postgresql/*/bin/initdb");
  if (initdb === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  const folder = await mkdtemp(join(tmpdir(), "porpoise-postgresql-"));
  // It refuses to run as root.
  const asPostgres =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : [];
  if (asPostgres.length > 0) {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((which) => idOf(which)));
    await chown(folder, uid ?? 0, gid ?? 0);
  }
  const data = join(folder, "data");
  const port = await freePort();
  const [setup = "", ...setupArgs] = [
    ...asPostgres,
    initdb,
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-N",
    "-E",
    "UTF8",
  ];
  await promisify(execFile)(setup, setupArgs);
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const [command = "", ...args] = [
    ...asPostgres,
    join(dirname(initdb), "postgres"),
    ...["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder],
  ];
  const server = await startServerProcess({
    name: "PostgreSQL",
    command,
    args,
    isReady: () =>
      connect().then(
        (client) => client.end().then(() => true),
        () => false,
      ),
  });
  return {
    host: "127.0.0.1",
    port,
    user: "postgres",
    query: async (text) => {
      const client = await connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function idOf(which: string): Promise<number> {
  const { stdout } = await promisify(execFile)("id", [which, "postgres"]);
  return Number(stdout.trim());
}
