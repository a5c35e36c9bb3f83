// A private MariaDB for a test: an own folder, a free loopback port, user `root` without a password.

import { execFile } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { freePort, type ServerProcess, startServerProcess } from "./server-process.ts";

export interface MariadbServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly user: "root";
  readonly password: "";
  /** Creates an empty database (UTF-8) and gives its name back. */
  createDatabase(name: string): Promise<string>;
  /** Runs one statement as root; outside any database unless one is named. */
  run(statement: string, database?: string): Promise<void>;
  /** The one number that a statement gives. */
  count(statement: string, database?: string): Promise<number>;
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Starts it again on the same port and folder; ends it first where it still runs. */
  restart(): Promise<void>;
  /** Ends it, forgets everything, starts it again on the same port. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMariadb(): Promise<MariadbServer> {
  const [installer, daemon] = await Promise.all([
    firstThatExists(["/usr/bin/mariadb-install-db", "/usr/bin/mysql_install_db"]),
    firstThatExists(["/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mariadbd"]),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "porpoise-mariadb-"));
  const port = await freePort();
  const data = join(folder, "data");

  const install = async (): Promise<void> => {
    await promisify(execFile)(installer, [
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      ...asOurselves(),
    ]);
  };
  const start = (): Promise<ServerProcess> =>
    startServerProcess({
      name: "MariaDB",
      command: daemon,
      args: [
        "--no-defaults",
        ...asOurselves(),
        `--datadir=${data}`,
        `--socket=${join(folder, "s")}`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        `--pid-file=${join(folder, "pid")}`,
        "--innodb-buffer-pool-size=256M",
        "--innodb-log-file-size=128M",
        "--innodb-flush-log-at-trx-commit=1",
        "--max-connections=400",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
      ],
      isReady: () => answers(port),
    });

  await install();
  let server = await start();
  const ask = async (statement: string, database?: string): Promise<unknown> => {
    const connection = await createConnection({
      host: "127.0.0.1",
      port,
      user: "root",
      connectTimeout: 5_000,
      ...(database === undefined ? {} : { database }),
    });
    try {
      return (await connection.query({ sql: statement, rowsAsArray: true }))[0];
    } finally {
      await connection.end();
    }
  };
  const run = async (statement: string, database?: string): Promise<void> => {
    await ask(statement, database);
  };
  const end = async (): Promise<void> => {
    await server.stop();
  };
  return {
    host: "127.0.0.1",
    port,
    user: "root",
    password: "",
    run,
    count: async (statement, database) =>
      Number(((await ask(statement, database)) as readonly (readonly unknown[])[])[0]?.[0]), // rows as arrays
    createDatabase: async (name) => {
      await run(`create database \`${name}\` character set utf8mb4`);
      return name;
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
    kill: () => server.kill(),
    restart: async () => {
      await end();
      server = await start();
    },
    wipe: async () => {
      await server.kill();
      await rm(data, { recursive: true, force: true });
      await install();
      server = await start();
    },
    stop: async () => {
      // Nothing in the folder is wanted any more, so there is nothing to shut down tidily.
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const asOurselves = (): string[] => (process.getuid?.() === 0 ? [`--user=${userInfo().username}`] : []);

async function answers(port: number): Promise<boolean> {
  try {
    const connection = await createConnection({ host: "127.0.0.1", port, user: "root", connectTimeout: 1_000 });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

async function firstThatExists(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  throw new Error("MariaDB is not installed, this test needs it: apt-get install mariadb-server");
}
