// The simulated database server: real SQL on SQLite in memory, reached over a network that delays and fails. A transaction is
// carried out in one moment, as a database does that isolates; what differs is when, and whether the asker learns of it.

import knexPackage, { type Knex } from "knex";
import { type Database, databaseOver } from "../../scheduler/store/database.ts";
import { SqliteClient, SqliteDriver } from "../../scheduler/store/sqlite-client.ts";
import type { SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

export interface DatabaseServer {
  /** For the test alone: no delay, no fault. */
  readonly own: SqliteDriver;
  /** As one process reaches it. */
  openFor(process: SimulatedProcess): Database;
  nowMs(): number;
  /** `away`: refuses at once. `frozen`: does not answer. */
  setState(state: "up" | "away" | "frozen"): void;
  isUp(): boolean;
  /** From now on a request takes up to so long, each way. */
  setDelay(mostMs: number): void;
  /** Shares of commits whose answer is lost (carried out or not), and of transactions that are a deadlock's victims. */
  setTrouble(trouble: { readonly unknownCommits: number; readonly deadlocks: number }): void;
  block(name: string): void;
  heal(): void;
}

/** What one borrowing of a connection is, for knex's dialect. */
interface Session {
  prepare(sql: string): unknown;
  readonly gate: Gate;
  isBroken: boolean;
  /** Gives the server to the next; once. */
  leave: () => void;
  /** Its transaction has ended, and the asker knows. */
  isSettled: boolean;
  __knexUid?: string;
}

interface Gate {
  /** Waits until the server has received it and is free; rejects when it cannot be reached. */
  enter(): Promise<Session>;
  /** Resolves when the answer has arrived. */
  answer(): Promise<void>;
  /** What becomes of this commit. */
  fate(): "told" | "done but unknown" | "not done and unknown" | "deadlock";
}

class ReachedClient extends SqliteClient {
  // knex's clients are classes; this one only says how a connection is come by.
  override async acquireConnection(): Promise<unknown> {
    return (this as unknown as { config: { gate: Gate } }).config.gate.enter();
  }

  override async releaseConnection(connection: unknown): Promise<void> {
    const session = connection as Session; // what acquireConnection gave
    const mustWait = !session.isSettled && !session.isBroken;
    session.leave();
    if (mustWait) await session.gate.answer();
  }

  override async _query(connection: unknown, query: { readonly sql?: string }): Promise<unknown> {
    const session = connection as Session;
    if (session.isBroken) throw lost();
    if (query.sql?.startsWith("ROLLBACK")) session.isSettled = true;
    if (query.sql !== "COMMIT;") return super._query(connection, query);
    const fate = session.gate.fate();
    if (fate === "told" || fate === "done but unknown") {
      const result = await super._query(connection, query);
      session.isSettled = true;
      session.leave();
      await session.gate.answer();
      if (fate === "told") return result;
      session.isBroken = true;
      throw lost();
    }
    await super._query(connection, { sql: "ROLLBACK" });
    session.isBroken = true;
    session.leave();
    if (fate === "deadlock")
      throw Object.assign(new Error("Deadlock found"), { errno: 1213, code: "ER_LOCK_DEADLOCK" });
    await session.gate.answer();
    throw lost();
  }
}

const lost = (): Error => Object.assign(new Error("the connection was lost"), { code: "PROTOCOL_CONNECTION_LOST" });
const refused = (): Error => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const late = (): Error => Object.assign(new Error("no answer in time"), { code: "PROTOCOL_SEQUENCE_TIMEOUT" });

const queryLimitMs = 10_000;

/** `schema`: the statements that make the tables. */
export function databaseServer(world: World, epochMs: number, schema: string): DatabaseServer {
  const own = new SqliteDriver(":memory:");
  own.exec(schema);
  const blocked = new Set<string>();
  let state: "up" | "away" | "frozen" = "up";
  let mostMs = 2;
  let trouble = { unknownCommits: 0, deadlocks: 0 };
  let isBusy = false;
  const queue: (() => void)[] = [];
  /** Those that a frozen server or a blocked way keeps waiting. */
  let waiting: { readonly name: string; readonly wake: () => void }[] = [];

  const nowMs = (): number => epochMs + world.nowMs() + world.skippedMs();
  const delay = (): number => 0.1 + world.random() * mostMs;
  const isReached = (name: string): boolean => state !== "frozen" && !blocked.has(name);
  const wakeAll = (): void => {
    const all = waiting;
    waiting = [];
    for (const { name, wake } of all) isReached(name) ? wake() : waiting.push({ name, wake });
  };

  /** One at a time: SQLite in one process has one connection. */
  const turn = (): Promise<void> => {
    if (!isBusy) {
      isBusy = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => void queue.push(resolve));
  };
  const next = (): void => {
    const first = queue.shift();
    if (first === undefined) isBusy = false;
    else first();
  };

  const gateOf = (process: SimulatedProcess): Gate => {
    /** The way there or back, as long as it takes; a silent server is given up after a while. */
    const travel = (): Promise<void> =>
      new Promise((resolve, reject) => {
        let isOver = false;
        const arrive = (): void => {
          if (isOver) return;
          if (isReached(process.name)) {
            isOver = true;
            stopLimit();
            if (state === "away") process.deliver(() => reject(refused()));
            else process.deliver(resolve);
          } else waiting.push({ name: process.name, wake: arrive });
        };
        const stopLimit = process.clock.after(queryLimitMs, () => {
          isOver = true;
          reject(late());
        });
        world.after(delay(), arrive);
      });
    const enter = async (): Promise<Session> => {
      await travel();
      await turn();
      if (state !== "up") {
        next();
        throw refused();
      }
      let hasLeft = false;
      return {
        prepare: (sql) => own.prepare(sql),
        gate,
        isBroken: false,
        isSettled: false,
        leave: () => {
          if (!hasLeft) next();
          hasLeft = true;
        },
      };
    };
    const gate: Gate = {
      enter,
      answer: travel,
      fate: () => {
        if (world.chance(trouble.deadlocks)) return "deadlock";
        if (!world.chance(trouble.unknownCommits)) return "told";
        return world.chance(0.5) ? "done but unknown" : "not done and unknown";
      },
    };
    return gate;
  };

  return {
    own,
    nowMs,
    openFor: (process) => {
      const knex: Knex = knexPackage({
        client: ReachedClient,
        connection: { filename: ":memory:" },
        useNullAsDefault: true,
        gate: gateOf(process),
        log: { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} },
      } as Knex.Config); // `gate` is this client's own setting
      // As exactly as a client knows the database's clock.
      const errorMs = world.pick(5) - 2;
      return databaseOver({
        knex,
        type: "sqlite",
        nowMs: () => Math.round(nowMs() + errorMs),
        close: async () => {},
      });
    },
    setState: (next) => {
      state = next;
      wakeAll();
    },
    isUp: () => state === "up",
    setDelay: (ms) => {
      mostMs = ms;
    },
    setTrouble: (next) => {
      trouble = next;
    },
    block: (name) => void blocked.add(name),
    heal: () => {
      blocked.clear();
      wakeAll();
    },
  };
}
