// What a worker and its guard say to each other, a line each: a character for the kind, then JSON.

export interface StartRequest {
  readonly id: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Beside what the guard itself inherited. */
  readonly environment: { readonly [name: string]: string };
  /** The file that standard output and error are appended to. */
  readonly log: string;
  /** On the clock that all processes of a host share: it is not started later, and does not live when it was. */
  readonly notAfterMs: number;
}

export type ProcessEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
  /** It never ran. */
  | { readonly kind: "not_started"; readonly code: string; readonly message: string }
  /** Nobody knows how it would have ended: it was killed because its worker or its guard could not be heard. */
  | { readonly kind: "lost"; readonly reason: string };

export type ToGuard =
  | { readonly kind: "beat" }
  | { readonly kind: "start"; readonly request: StartRequest }
  /** Nothing of the group lives any more. */
  | { readonly kind: "over"; readonly group: number };

export type FromGuard =
  | { readonly kind: "beat" }
  | { readonly kind: "started"; readonly id: number; readonly group: number }
  | { readonly kind: "ended"; readonly id: number; readonly end: ProcessEnd };

const letters = { beat: ".", start: "*", over: "-", started: "+", ended: "!" } as const;
const kinds = new Map(Object.entries(letters).map(([kind, letter]) => [letter as string, kind]));

export function encode(message: ToGuard | FromGuard): string {
  const { kind, ...rest } = message;
  return `${letters[kind]}${kind === "beat" ? "" : JSON.stringify(rest)}\n`;
}

/** Takes text as it comes and gives the messages that are complete. Both sides are one build: what a line holds is trusted. */
export function decoder<Message extends ToGuard | FromGuard>(): (text: string) => readonly Message[] {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    return lines.map((line) => {
      const kind = kinds.get(line[0] ?? "");
      return { kind, ...(line.length > 1 ? JSON.parse(line.slice(1)) : {}) } as Message; // written by `encode`
    });
  };
}

/** Milliseconds of the clock that all processes of this host share; it never goes back. */
export const hostClockMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
