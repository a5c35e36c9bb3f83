// Where a piece of UTF-8 may be cut so that no character is cut with it.

/** Bytes from the start that hold whole characters; what is not UTF-8 anyway counts as whole. Source: RFC 3629. */
export function textPrefixLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue; // a continuation: its first byte lies further back
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
