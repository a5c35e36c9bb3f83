// The pause between two looks at rows that somebody follows.

import { setTimeout as delay } from "node:timers/promises";

const lookEveryMs = 150;

/** Resolves after a moment, or at once when the signal fires. */
export const untilChanged = (signal: AbortSignal): Promise<void> =>
  delay(lookEveryMs, undefined, { signal }).catch(() => {});
