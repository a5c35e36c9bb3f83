// Words that more than one attribute offers.

import type { Choice } from "./attribute.ts";

export const priorityWords: readonly Choice[] = [
  { word: "highest", doc: "Before everything else." },
  { word: "high", doc: "Before medium." },
  { word: "medium", doc: "The usual one." },
  { word: "low", doc: "After medium." },
  { word: "lowest", doc: "When nothing else waits." },
];

export const timeoutWords: readonly Choice[] = [
  { word: "fail", doc: "End the attempt as failed; it is retried like any other." },
  { word: "warn", doc: "Say so and let it run." },
  { word: "warn_and_fail", doc: "Say so and end the attempt as failed." },
];
