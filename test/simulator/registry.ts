// The simulated registry service, as ZooKeeper behaves: sessions that expire on the server's own clock, ephemeral members,
// fair locks, watches that only say "look again". Each process has a client with a watchdog on its own clock.

import type { Clock } from "../../scheduler/model/clock.ts";
import type { Logger } from "../../scheduler/model/logger.ts";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import { type Member, type MemberKind, memberKinds, type Registry } from "../../scheduler/registry/contract.ts";
import { heldLock } from "../../scheduler/registry/lock-fence.ts";
import { memberViews } from "../../scheduler/registry/member-views.ts";
import { sessionStates } from "../../scheduler/registry/session-states.ts";
import type { SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

export interface RegistryServer {
  readonly leaseMs: number;
  clientOf(process: SimulatedProcess, log: Logger): Registry;
  /** Away: nothing is heard, and no session expires. */
  setAway(isAway: boolean): void;
  /** It forgets everything. */
  wipe(): void;
  /** One process's session is given up. */
  expire(name: string): void;
  block(name: string): void;
  heal(): void;
}

interface Session {
  readonly id: number;
  readonly name: string;
  heardMs: number;
  member: Member | undefined;
  readonly changed: () => void;
}

interface Ticket {
  readonly session: number;
  readonly granted: () => void;
  isGranted: boolean;
}

export function registryServer(world: World, leaseMs: number): RegistryServer {
  const sessions = new Map<number, Session>();
  const locks = new Map<string, Ticket[]>();
  const blocked = new Set<string>();
  let isAway = false;
  let lastId = 0;

  const delay = (): number => 0.2 + world.random() * 2;
  const changed = (): void => {
    for (const one of sessions.values()) one.changed();
  };
  const grant = (name: string): void => {
    const first = locks.get(name)?.[0];
    if (first === undefined || first.isGranted) return;
    first.isGranted = true;
    first.granted();
  };
  const drop = (session: Session): void => {
    sessions.delete(session.id);
    for (const [name, queue] of locks) {
      const left = queue.filter((ticket) => ticket.session !== session.id);
      locks.set(name, left);
      grant(name);
    }
    world.note(`registry: session of ${session.name} is over`);
    changed();
  };
  const tick = (): void => {
    if (!isAway) for (const one of [...sessions.values()]) if (world.nowMs() - one.heardMs >= leaseMs) drop(one);
    world.after(leaseMs / 10, tick);
  };
  world.after(leaseMs / 10, tick);
  const isReached = (name: string): boolean => !isAway && !blocked.has(name);

  const clientOf = (process: SimulatedProcess, log: Logger): Registry => {
    const { clock, name } = process;
    const states = sessionStates(log);
    const views = memberViews(log);
    const stop = new AbortController();
    let session: { readonly id: number; readonly end: AbortController } | undefined;
    let ackMs = Number.NEGATIVE_INFINITY;
    let isOpening = false;
    let losses = 0;

    /** There and back; the answer is lost where the way is blocked in between, and the asker waits for a limit. */
    const ask = <T>(act: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const stopLimit = clock.after(leaseMs, () => reject(unavailable("no answer in time")));
        world.after(delay(), () => {
          if (!isReached(name)) return;
          const answer = act();
          world.after(delay(), () => {
            if (!isReached(name)) return;
            process.deliver(() => {
              stopLimit();
              resolve(answer);
            });
          });
        });
      });

    const lookAgain = async (): Promise<void> => {
      if (session === undefined) return;
      const all = await ask(membersNow).catch(() => undefined);
      if (all !== undefined)
        for (const kind of memberKinds)
          views.see(
            kind,
            all.filter((one) => one.kind === kind),
          );
    };
    const membersNow = (): readonly Member[] => [...sessions.values()].flatMap((one) => one.member ?? []);

    const open = async (): Promise<void> => {
      if (isOpening || session !== undefined) return;
      isOpening = true;
      try {
        const sentMs = clock.monotonicMs();
        const id = await ask(() => {
          lastId += 1;
          const changedHere = (): void => {
            world.after(delay(), () => isReached(name) && process.deliver(() => void lookAgain()));
          };
          sessions.set(lastId, { id: lastId, name, heardMs: world.nowMs(), member: undefined, changed: changedHere });
          return lastId;
        });
        ackMs = sentMs;
        session = { id, end: new AbortController() };
        states.set("connected");
        await lookAgain();
      } catch {
        // Not reached: the next tick tries again.
      } finally {
        isOpening = false;
      }
    };
    const lose = (): void => {
      const lost = session;
      losses += 1;
      session = undefined;
      ackMs = Number.NEGATIVE_INFINITY;
      lost?.end.abort();
      states.set("lost");
    };
    const beat = async (): Promise<void> => {
      const mine = session;
      if (mine === undefined) return open();
      const nowMs = clock.monotonicMs();
      if (nowMs - ackMs >= leaseMs) {
        lose();
        return open();
      }
      if (nowMs - ackMs >= (leaseMs * 2) / 3) states.set("suspended");
      const isKnown = await ask(() => {
        const found = sessions.get(mine.id);
        if (found !== undefined) found.heardMs = world.nowMs();
        return found !== undefined;
      }).catch(() => undefined);
      if (session !== mine || isKnown === undefined) return;
      if (!isKnown) {
        lose();
        return open();
      }
      ackMs = Math.max(ackMs, nowMs);
      if (clock.monotonicMs() - ackMs < (leaseMs * 2) / 3) states.set("connected");
    };
    const stopBeating = clock.every(leaseMs / 6, () => void beat());
    // What an event missed.
    const stopLooking = clock.every(leaseMs / 2, () => void lookAgain());
    void open();

    const standing = async (): Promise<void> => {
      const untilMs = clock.monotonicMs() + leaseMs;
      while (states.now() !== "connected" && clock.monotonicMs() < untilMs)
        await clock.sleep(leaseMs / 30, stop.signal);
      if (states.now() !== "connected") throw unavailable("no session stands");
    };
    /** Carried out for the session that asked, if it still stands there. */
    const checked = async <T>(act: (mine: Session) => T): Promise<T> => {
      const lostBefore = losses;
      await standing();
      if (losses !== lostBefore) throw unavailable("the session in which it was asked is over");
      const asking = session?.id ?? 0;
      const answer = await ask(() => {
        try {
          const mine = sessions.get(asking);
          if (mine === undefined) throw unavailable("the session is over");
          return { value: act(mine) };
        } catch (error) {
          return { error };
        }
      });
      if ("error" in answer) throw answer.error;
      return answer.value;
    };
    const put = (member: Member | undefined): Promise<void> => {
      return checked((mine) => {
        mine.member = member;
        changed();
      });
    };

    return {
      type: "simulated",
      leaseMs,
      join: async (member) => {
        await put(member);
        await lookAgain();
      },
      update: async (data) => {
        const known = session === undefined ? undefined : sessions.get(session.id)?.member;
        if (known !== undefined) await put({ ...known, data });
      },
      leave: () => put(undefined),
      members: async (kind: MemberKind) => (await checked(membersNow)).filter((one) => one.kind === kind),
      watch: (kind, listener) => views.watch(kind, listener),
      lock: (lockName, signal) => takeLock(lockName, signal, { clock, checked, session: () => session, process }),
      onSession: (listener) => states.listen(listener),
      lastAckMs: () => ackMs,
      close: async () => {
        stop.abort();
        stopBeating();
        stopLooking();
        const left = session === undefined ? undefined : sessions.get(session.id);
        session?.end.abort();
        session = undefined;
        if (left !== undefined) drop(left);
        states.close();
        views.close();
      },
    };

    function takeLock(
      lockName: string,
      signal: AbortSignal,
      here: {
        readonly clock: Clock;
        readonly checked: <T>(act: (mine: Session) => T) => Promise<T>;
        readonly session: () => typeof session;
        readonly process: SimulatedProcess;
      },
    ): ReturnType<Registry["lock"]> {
      const held = here.session();
      if (held === undefined) return Promise.reject(unavailable("no session stands"));
      const granted = Promise.withResolvers<void>();
      granted.promise.catch(() => {}); // heard below; it may come before
      const ticket: Ticket = {
        session: held.id,
        isGranted: false,
        granted: () => world.after(delay(), () => here.process.deliver(granted.resolve)),
      };
      const giveBack = async (): Promise<void> => {
        await here.checked(() => {
          locks.set(
            lockName,
            (locks.get(lockName) ?? []).filter((one) => one !== ticket),
          );
          grant(lockName);
        });
      };
      const fail = (): void => granted.reject(unavailable("waiting for a lock was given up"));
      signal.addEventListener("abort", fail, { once: true });
      held.end.signal.addEventListener("abort", fail, { once: true });
      return here
        .checked(() => {
          if (!sessions.has(held.id)) throw unavailable("the session is over");
          const queue = locks.get(lockName) ?? [];
          locks.set(lockName, [...queue, ticket]);
          grant(lockName);
        })
        .then(() => granted.promise)
        .catch(async (error: unknown) => {
          await giveBack().catch(() => {});
          throw error;
        })
        .then(() => heldLock({ clock: here.clock, leaseMs, ackMs: () => ackMs, ended: held.end.signal }, giveBack));
    }
  };

  return {
    leaseMs,
    clientOf,
    setAway: (next) => {
      // Who comes back counts every session anew.
      if (isAway && !next) for (const one of sessions.values()) one.heardMs = world.nowMs();
      isAway = next;
    },
    wipe: () => {
      for (const one of [...sessions.values()]) drop(one);
      locks.clear();
    },
    expire: (name) => {
      for (const one of [...sessions.values()]) if (one.name === name) drop(one);
    },
    block: (name) => void blocked.add(name),
    heal: () => blocked.clear(),
  };
}

const unavailable = (why: string): OperationError => new OperationError("unavailable", `the registry: ${why}`);
