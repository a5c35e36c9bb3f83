// Finds the outputs that a task sets by lines of its log: `${setValue(name=value)}` or `#{setValue(name=value)}`.

export interface OutputScanner {
  /** The next bytes of the log; they need not be text. */
  push(bytes: Uint8Array): void;
  /** The log is over: its last line may lack an end. */
  end(): void;
  /** The declared ones that were set, the last value of each. */
  values(): { readonly [name: string]: string };
}

const marker = "{setValue(";
const newline = 10;
/** Of a line that is longer only the last so many bytes are looked at. */
const longestLine = 64 * 1024;

export function outputScanner(declared: readonly string[]): OutputScanner {
  const found = new Map<string, string>();
  let line: Buffer = Buffer.alloc(0);

  const scan = (bytes: Buffer): void => {
    for (let at = bytes.indexOf(marker); at >= 0; ) {
      const start = bytes.lastIndexOf(newline, at) + 1;
      const found = bytes.indexOf(newline, at);
      const end = found < 0 ? bytes.length : found;
      take(bytes.toString("utf8", Math.max(start, end - longestLine), end));
      at = bytes.indexOf(marker, end);
    }
  };
  const take = (text: string): void => {
    for (const [name, value] of settings(text)) if (declared.includes(name)) found.set(name, value);
  };

  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const last = chunk.lastIndexOf(newline);
      if (last < 0) {
        line = bounded(Buffer.concat([line, chunk]));
        return;
      }
      scan(line.length === 0 ? chunk.subarray(0, last + 1) : Buffer.concat([line, chunk.subarray(0, last + 1)]));
      // Copied: the caller may use its buffer again.
      line = bounded(Buffer.from(chunk.subarray(last + 1)));
    },
    end() {
      scan(line);
      line = Buffer.alloc(0);
    },
    values: () => Object.fromEntries(found),
  };
}

/** A value goes up to the last `)}` before the next marker or the line's end, so it may hold brackets itself. */
function settings(line: string): readonly (readonly [name: string, value: string])[] {
  return line
    .split(/[$#]\{setValue\(/)
    .slice(1)
    .flatMap((part) => {
      const end = part.lastIndexOf(")}");
      const equals = part.indexOf("=");
      if (end < 0 || equals <= 0 || equals > end) return [];
      return [[part.slice(0, equals).trim(), part.slice(equals + 1, end)] as const];
    });
}

const bounded = (bytes: Buffer): Buffer =>
  bytes.length > longestLine ? Buffer.from(bytes.subarray(bytes.length - longestLine)) : bytes;
