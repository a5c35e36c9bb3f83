// Where a registry's session stands, and who wants to hear of it: the same for every registry.

import type { Logger } from "../model/logger.ts";
import type { SessionState } from "./contract.ts";

export interface SessionStates {
  now(): SessionState;
  /** Tells everyone, where it is news. */
  set(state: SessionState): void;
  listen(listener: (state: SessionState) => void): () => void;
  close(): void;
}

/** Before the first session stands it is suspended: nothing is known. */
export function sessionStates(log: Logger): SessionStates {
  const listeners = new Set<(state: SessionState) => void>();
  let state: SessionState = "suspended";

  const tell = (listener: (state: SessionState) => void): void => {
    try {
      listener(state);
    } catch (error) {
      log.error({ state, reason: String(error) }, "a listener of the registry's session failed");
    }
  };
  return {
    now: () => state,
    set: (next) => {
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) if (listeners.has(listener)) tell(listener);
    },
    listen: (listener) => {
      listeners.add(listener);
      tell(listener);
      return () => void listeners.delete(listener);
    },
    close: () => listeners.clear(),
  };
}
