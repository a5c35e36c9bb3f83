// Secrets in output, made unreadable byte for byte: a masked log is as long as what was written, so its offsets stay true
// wherever it is cut into pieces.

export interface SecretMask {
  /** How many bytes before and behind a piece must be seen to know what of it is secret. */
  readonly reachBytes: number;
  /** Overwrites every secret in it. */
  mask(bytes: Buffer): void;
  /** How many bytes at the end may be the beginning of a secret that is still being written. */
  openEnd(bytes: Buffer): number;
  inText(text: string): string;
}

/** Shorter ones are left: they would make everything unreadable, and are guessed at once. */
const leastBytes = 3;
const star = 0x2a;

export function secretMask(secrets: readonly string[]): SecretMask | undefined {
  // A secret of several lines may be printed line by line.
  const texts = [...new Set(secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]))];
  const known = texts.map((text) => Buffer.from(text)).filter((bytes) => bytes.length >= leastBytes);
  if (known.length === 0) return undefined;
  const reachBytes = Math.max(...known.map((bytes) => bytes.length)) - 1;

  const mask = (bytes: Buffer): void => {
    // All places first: secrets may overlap, and one that is masked would hide the other's end.
    const found = known.flatMap((secret) => placesOf(secret, bytes).map((at) => [at, at + secret.length] as const));
    for (const [from, until] of found) bytes.fill(star, from, until);
  };
  return {
    reachBytes,
    mask,
    openEnd: (bytes) => {
      for (let length = Math.min(reachBytes, bytes.length); length > 0; length -= 1) {
        const end = bytes.subarray(bytes.length - length);
        if (known.some((secret) => secret.length > length && secret.subarray(0, length).equals(end))) return length;
      }
      return 0;
    },
    inText: (text) => {
      const bytes = Buffer.from(text);
      mask(bytes);
      return bytes.toString("utf8");
    },
  };
}

function placesOf(secret: Buffer, bytes: Buffer): readonly number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + 1)) places.push(at);
  return places;
}
