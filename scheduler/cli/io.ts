// Where a command reads and writes, and how it ends.

/** 0 done · 1 the thing asked about failed · 2 wrong usage · 3 cannot reach or not allowed. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Io {
  /** The folder the user stands in. */
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Data, and nothing else. */
  readonly stdout: NodeJS.WritableStream;
  /** Everything that is not data. */
  readonly stderr: NodeJS.WritableStream;
  /** Aborted by Ctrl-C or a request to end. */
  readonly signal: AbortSignal;
  readonly isTerminal: boolean;
}

export const say = (io: Io, text: string): void => void io.stderr.write(`${text}\n`);
export const print = (io: Io, text: string): void => void io.stdout.write(`${text}\n`);
export const printJson = (io: Io, value: unknown): void => print(io, JSON.stringify(value, undefined, 2));
