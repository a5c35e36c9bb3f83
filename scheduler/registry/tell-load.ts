// Tells the registry how busy a member's host is, while it is a member and there is news.

import type { Clock, Stop } from "../model/clock.ts";
import type { Logger } from "../model/logger.ts";
import type { MemberData, Registry } from "./contract.ts";
import type { Load } from "./load.ts";

export interface TellLoadDeps {
  readonly registry: Registry;
  readonly isMember: () => boolean;
  readonly data: (load: Load) => MemberData;
  readonly load: () => Load;
  readonly clock: Clock;
  readonly log: Logger;
}

const everyMs = 5_000;

/** Returns what ends it. */
export function tellLoad({ registry, isMember, data, load, clock, log }: TellLoadDeps): Stop {
  let told = "";
  const tell = async (): Promise<void> => {
    const news = data(load());
    if (!isMember() || JSON.stringify(news) === told) return;
    try {
      await registry.update(news);
      told = JSON.stringify(news);
    } catch (error) {
      log.debug({ reason: String(error) }, "the registry was not told how busy this host is");
    }
  };
  return clock.every(everyMs, () => void tell());
}
