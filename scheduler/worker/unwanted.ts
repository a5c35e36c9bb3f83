// Ends attempts that nobody wants any more and that nobody killed: their instance was given up with tasks under way. Any master
// tells by the rows.

import type { Clock } from "../model/clock.ts";
import type { Logger } from "../model/logger.ts";
import type { Connection } from "../wire/contract.ts";
import type { MasterRequests } from "../wire/messages.ts";
import type { AttemptKey } from "./attempt-key.ts";
import type { Attempts } from "./attempts.ts";

export interface UnwantedDeps {
  readonly attempts: Attempts;
  readonly masters: () => readonly Connection[];
  readonly onUnwanted: (key: AttemptKey) => void;
  readonly lookEveryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Returns what ends it. */
export function endUnwanted(deps: UnwantedDeps): () => void {
  const { clock, log } = deps;
  let isAsking = false;

  const look = async (): Promise<void> => {
    const live = deps.attempts.live();
    const all = deps.masters();
    const master = all[Math.floor(clock.random() * all.length)];
    if (live.length === 0 || master === undefined || isAsking) return;
    isAsking = true;
    try {
      const { body } = await master.request<MasterRequests["owner"]["response"]>(
        "owner",
        {
          attempts: live.map(({ ref: { taskInstance, attempt } }) => ({ taskInstance, attempt })),
        } satisfies MasterRequests["owner"]["request"],
        { deadlineMs: deps.lookEveryMs },
      );
      live.forEach(({ key }, index) => {
        if (body.answers[index]?.kind === "drop") deps.onUnwanted(key);
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.debug({ reason }, "no master said which attempts are still wanted, the next look asks again");
    } finally {
      isAsking = false;
    }
  };
  return clock.every(deps.lookEveryMs, () => void look());
}
