// Follows one attempt's log while it is written: finds the outputs it sets, and keeps it under its limit.

import type { LogKey } from "../logs/contract.ts";
import type { AttemptLog } from "./attempt-log.ts";
import { outputScanner } from "./outputs.ts";

export interface LogFollower {
  readonly key: LogKey;
  /** Looks at what came since the last time; a bounded piece of work. */
  look(): void;
  /** The attempt is over: looks at all the rest. Resolves to the outputs; the log is complete then. */
  end(): Promise<{ readonly [name: string]: string }>;
}

const pieceBytes = 1024 * 1024;
const lookBytes = 16 * pieceBytes;

export function followLog(log: AttemptLog, declared: readonly string[]): LogFollower {
  const scanner = declared.length > 0 ? outputScanner(declared) : undefined;
  let position = 0;

  /** True: it has caught up with the writers. */
  const scan = (limitBytes: number): boolean => {
    if (scanner === undefined) return true;
    const until = position + limitBytes;
    while (position < until) {
      const bytes = log.read(position, Math.min(pieceBytes, log.written() - position));
      if (bytes.length === 0) return true;
      scanner.push(bytes);
      position += bytes.length;
    }
    return false;
  };
  const look = (): boolean => {
    const hasCaughtUp = scan(lookBytes);
    if (hasCaughtUp) position = log.cut() ?? position;
    return hasCaughtUp;
  };

  return {
    key: log.key,
    look: () => void look(),
    end: async () => {
      // A long rest is read in pieces, so that other attempts are served in between.
      while (!look()) await new Promise((resolve) => setImmediate(resolve));
      scanner?.end();
      return scanner?.values() ?? {};
    },
  };
}
