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
  /** As one process reaches it; while `isOpen` says no, nothing gets through, and `wake` tells that it may say yes. */
  openFor(process: SimulatedProcess, isOpen?: () => boolean): Database;
  wake(): void;
  nowMs(): number;
  /** Its clock jumps; those that use it learn of that one by one, as they look at it every half minute. */
  stepClock(ms: number): void;
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
  prepare(sql: string): ReturnType<SqliteDriver["prepare"]>;
  /** Gives the server to the next; once. */
  readonly leave: () => void;
}

interface Gate {
  /** Waits until the server has received it and is free; rejects when it cannot be reached. */
  enter(): Promise<Session>;
  /** Resolves when the answer has arrived. */
  answer(): Promise<void>;
  /** What becomes of this commit. */
  fate(): "told" | "done but unknown" | "not done and unknown" | "deadlock";
}

/** Each statement for itself. knex's clients are classes; these two only say how a connection is come by. */
class SingleClient extends SqliteClient {
  override acquireConnection(): Promise<unknown> {
    return gateIn(this).enter();
  }

  override releaseConnection(connection: unknown): Promise<void> {
    (connection as Session).leave(); // what acquireConnection gave
    return gateIn(this).answer();
  }
}

const gateIn = (client: SqliteClient): Gate => (client as unknown as { config: { gate: Gate } }).config.gate; // put there by knexOn

/** Within a transaction: the session is there already. */
class TransactionClient extends SqliteClient {
  session: Session | undefined;

  override acquireConnection(): Promise<unknown> {
    return Promise.resolve(this.session);
  }

  override releaseConnection(): Promise<void> {
    return Promise.resolve();
  }
}

const knexOn = (client: typeof SqliteClient, more: object): Knex =>
  knexPackage({
    client,
    connection: { filename: ":memory:" },
    useNullAsDefault: true,
    log: { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} },
    ...more,
  });

/** As knex does it, but for what a transaction costs there: a whole object of its own. Here they are used again. */
function transactionsOver(gate: Gate): (work: (transaction: Knex) => Promise<unknown>) => Promise<unknown> {
  const idle: Knex[] = [];
  return async (work) => {
    const session = await gate.enter();
    const knex = idle.pop() ?? knexOn(TransactionClient, {});
    const client = knex.client as TransactionClient; // the one it was made with
    client.session = session;
    const say = (sql: string): void => void session.prepare(sql).run([]);
    try {
      say("BEGIN");
      let result: unknown;
      try {
        result = await work(knex);
      } catch (error) {
        say("ROLLBACK");
        throw error;
      }
      const fate = gate.fate();
      say(fate === "told" || fate === "done but unknown" ? "COMMIT" : "ROLLBACK");
      session.leave();
      if (fate === "deadlock") throw deadlock();
      await gate.answer();
      if (fate !== "told") throw lost();
      return result;
    } finally {
      session.leave();
      idle.push(knex);
    }
  };
}

const deadlock = (): Error => Object.assign(new Error("Deadlock found"), { errno: 1213, code: "ER_LOCK_DEADLOCK" });
const lost = (): Error => Object.assign(new Error("the connection was lost"), { code: "PROTOCOL_CONNECTION_LOST" });
const refused = (): Error => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const late = (): Error => Object.assign(new Error("no answer in time"), { code: "PROTOCOL_SEQUENCE_TIMEOUT" });

const queryLimitMs = 10_000;
const clockSyncEveryMs = 30_000;

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
  let waiting: (() => void)[] = [];

  let steppedMs = 0;
  const nowMs = (): number => epochMs + steppedMs + world.nowMs() + world.skippedMs();
  /** Told of each jump. */
  const clients: ((ms: number) => void)[] = [];
  const delay = (): number => 0.1 + world.random() * mostMs;
  const isReached = (name: string): boolean => state !== "frozen" && !blocked.has(name);
  const wakeAll = (): void => {
    const all = waiting;
    waiting = [];
    for (const wake of all) wake(); // who is still not reached waits again
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

  const gateOf = (process: SimulatedProcess, isOpen: () => boolean): Gate => {
    const isThere = (): boolean => isReached(process.name) && isOpen();
    /** The way there or back, as long as it takes; a silent server is given up after a while. */
    const travel = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const tell = (): void => process.deliver(() => (state === "away" ? reject(refused()) : resolve()));
        const tookMs = delay();
        world.after(tookMs, () => {
          if (isThere()) {
            tell();
            return;
          }
          let isOver = false;
          const stopLimit = process.clock.after(queryLimitMs - tookMs, () => {
            isOver = true;
            reject(late());
          });
          const wake = (): void => {
            if (isOver) return;
            if (!isThere()) {
              waiting.push(wake);
              return;
            }
            isOver = true;
            stopLimit();
            tell();
          };
          waiting.push(wake);
        });
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
    wake: wakeAll,
    openFor: (process, isOpen = () => true) => {
      const gate = gateOf(process, isOpen);
      const knex = knexOn(SingleClient, { gate });
      Object.defineProperty(knex, "transaction", { value: transactionsOver(gate) });
      // As exactly as a client knows the database's clock.
      let errorMs = world.pick(5) - 2;
      clients.push((ms) => {
        errorMs -= ms;
        world.after(world.random() * clockSyncEveryMs, () => {
          errorMs += ms;
        });
      });
      return databaseOver({
        knex,
        type: "sqlite",
        nowMs: () => Math.round(nowMs() + errorMs),
        close: async () => {},
      });
    },
    stepClock: (ms) => {
      steppedMs += ms;
      for (const tell of clients) tell(ms);
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
