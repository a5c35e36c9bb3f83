// Keeps passwords unreadable in the database: AES-256-GCM under a key that only the servers' settings hold.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { OperationError } from "../model/operation-error.ts";

export interface Cipher {
  /** `v1:<nonce>:<tag>:<text>`, each in base64; another one each time. */
  seal(text: string): string;
  /** Throws an `OperationError` where it was sealed under another key, or changed since. */
  open(sealed: string): string;
}

const version = "v1";

/** `secret`: any text that all servers share; a key is derived from it. */
export function cipher(secret: string): Cipher {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "porpoise passwords at rest", 32));
  return {
    seal: (text) => {
      const nonce = randomBytes(12);
      const sealing = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([sealing.update(text, "utf8"), sealing.final()]);
      return [version, ...[nonce, sealing.getAuthTag(), sealed].map((part) => part.toString("base64"))].join(":");
    },
    open: (text) => {
      const [found, ...parts] = text.split(":");
      const [nonce, tag, sealed] = parts.map((part) => Buffer.from(part, "base64"));
      try {
        if (found !== version || !nonce || !tag || !sealed) throw new Error(`its form is "${found}"`);
        const opening = createDecipheriv("aes-256-gcm", key, nonce);
        opening.setAuthTag(tag);
        return Buffer.concat([opening.update(sealed), opening.final()]).toString("utf8");
      } catch (cause) {
        throw new OperationError(
          "invalid",
          "a stored password cannot be read: the servers' encryption key is another one than it was stored with; store the password again, or set the old key",
          { cause },
        );
      }
    },
  };
}
