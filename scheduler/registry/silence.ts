// How long each session has been silent, as one observer can prove it: by its own monotonic clock, over spans between two
// successful looks. A stepped clock of the database, an outage or a frozen observer makes nobody look dead.

export interface Silence {
  /** One successful look, over at `atMs`: every session's beat. Gives how long each has been silent. */
  look(atMs: number, beats: ReadonlyMap<string, string>): ReadonlyMap<string, number>;
}

interface Seen {
  readonly beat: string;
  readonly silentMs: number;
}

/** A longer span between two looks was no looking: only `lookMs` of it counts. */
export function silence(lookMs: number): Silence {
  let seen = new Map<string, Seen>();
  let lastMs: number | undefined;

  return {
    look: (atMs, beats) => {
      // Counted from the end of the look that saw the beat: the beat was sent before it, so nobody is given up too early.
      const spanMs = lastMs === undefined ? 0 : atMs - lastMs;
      const countedMs = spanMs <= 3 * lookMs ? spanMs : lookMs;
      lastMs = atMs;
      const next = new Map<string, Seen>();
      for (const [session, beat] of beats) {
        const before = seen.get(session);
        next.set(session, { beat, silentMs: before?.beat === beat ? before.silentMs + countedMs : 0 });
      }
      seen = next;
      return new Map([...next].map(([session, { silentMs }]) => [session, silentMs]));
    },
  };
}
