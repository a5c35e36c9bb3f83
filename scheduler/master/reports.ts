// What workers ask and tell a master: reports of attempts, who owns an instance, and whether its owner still stands.

import type { Incarnation } from "../model/ids.ts";
import type { Database } from "../store/database.ts";
import { ownersOf } from "../store/ownership.ts";
import type { Connection, Handlers, Message } from "../wire/contract.ts";
import type { MasterRequests, Report, ReportAnswer } from "../wire/messages.ts";
import type { Inbox } from "./inbox.ts";
import { reportedEvent } from "./reported-event.ts";

export interface ReportDeps {
  readonly database: Database;
  readonly self: Incarnation;
  readonly inbox: () => Inbox;
  readonly heardFrom: (worker: Incarnation) => void;
  readonly leaseMs: number;
}

export function reportHandlers(deps: ReportDeps): Handlers {
  const { database, inbox } = deps;
  /** While the database is away a worker sends the same reports again and again: each is kept in mind once. */
  const underWay = new Map<string, Promise<ReportAnswer>>();

  const report = async ({
    reports,
  }: MasterRequests["report"]["request"]): Promise<MasterRequests["report"]["response"]> => {
    const nowMs = database.nowMs();
    return { answers: await Promise.all(reports.map((one) => take(one, nowMs))) };
  };

  const take = (one: Report, nowMs: number): Promise<ReportAnswer> => {
    const key = `${one.taskInstance}#${one.attempt} ${one.kind} ${one.kind === "started" ? (one.job ?? "") : ""}`;
    const known = underWay.get(key);
    if (known) return known;
    const answer = post(one, nowMs).finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  };

  /** Answered after the commit: until then the worker keeps it. */
  const post = (one: Report, nowMs: number): Promise<ReportAnswer> =>
    new Promise((resolve) => {
      const isTaken = inbox().post(one.taskInstance, {
        ...reportedEvent(one, nowMs),
        answer: (isKept) => resolve(isKept ? "kept" : "not_mine"),
      });
      if (!isTaken) resolve("not_mine");
    });

  const ask = async ({
    attempts,
  }: MasterRequests["owner"]["request"]): Promise<MasterRequests["owner"]["response"]> => {
    const answers = await ownersOf(database, attempts);
    return {
      // Taken, but not loaded yet: a report would be refused, so the worker is to ask again a little later.
      answers: answers.map((answer, index) =>
        answer.kind === "owner" && answer.master === deps.self && !inbox().holds(attempts[index]?.taskInstance)
          ? { kind: "none" }
          : answer,
      ),
    };
  };

  const confirm = ({ instances }: MasterRequests["confirm"]["request"]): MasterRequests["confirm"]["response"] => ({
    checkedAgoMs: instances.map(({ id, ownerEpoch }) => {
      const agoMs = inbox().ownershipProvenAgoMs(id, ownerEpoch);
      return agoMs === undefined || agoMs > deps.leaseMs / 3 ? null : agoMs;
    }),
  });

  const heard = <T>(message: Message<never>, from: Connection): T => {
    deps.heardFrom(from.peer.incarnation);
    return message.body as T; // both sides are of one build; the messages are its types
  };
  return {
    report: async (message, from) => ({ body: await report(heard(message, from)) }),
    owner: async (message, from) => ({ body: await ask(heard(message, from)) }),
    confirm: async (message, from) => ({ body: confirm(heard(message, from)) }),
  };
}
