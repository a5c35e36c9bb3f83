// Where alerts go, and what became of each.

export type AlertChannel =
  | { readonly kind: "webhook"; readonly url: string; readonly headers: { readonly [name: string]: string } }
  | { readonly kind: "mail"; readonly to: readonly string[] };

export const alertStates = ["pending", "delivered", "failed"] as const;
export type AlertState = (typeof alertStates)[number];

/** One try at one channel. */
export interface AlertDelivery {
  /** `webhook https://host/…` or `mail a@example.com`: without what is secret in it. */
  readonly to: string;
  readonly ok: boolean;
  /** The other side's status and first words, or why there was no answer. */
  readonly answer: string;
  readonly atMs: number;
}
