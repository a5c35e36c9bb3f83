// A cron in words, for hovers and hints.

import cronstrue from "cronstrue";

/** `At 02:30`; undefined where the library has no words for it. */
export function cronWords(cron: string): string | undefined {
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true, dayOfWeekStartIndexZero: false });
  } catch {
    return undefined; // it knows fewer forms than Quartz: `0/0`
  }
}
