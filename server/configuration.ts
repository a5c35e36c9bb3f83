// The client's settings, as far as they concern the language.

import type { HintKinds } from "../scheduler/language/features/inlay-hints.ts";
import { readSeverities, type Severities } from "../scheduler/language/severities.ts";
import type { Settings } from "./protocol.ts";

export interface Configuration {
  readonly severities: Severities;
  readonly hints: HintKinds;
}

export const defaultConfiguration: Configuration = {
  severities: {},
  hints: { cron: true, nextFire: true, placeholders: true, defaults: true },
};

/** Whatever a client sent; what means nothing is left out. `warn` hears of it. */
export function readConfiguration(given: unknown, warn: (message: string) => void): Configuration {
  if (!isRecord(given)) return defaultConfiguration;
  const { problems, inlayHints }: { readonly [key in keyof Settings]?: unknown } = given;
  const hints = isRecord(inlayHints) ? inlayHints : {};
  const wanted = (name: keyof HintKinds): boolean => hints[name] !== false;
  return {
    severities: readSeverities(isRecord(problems) ? Object.entries(problems) : [], (_, message) =>
      warn(`porpoise.problems: ${message}`),
    ),
    hints: {
      cron: wanted("cron"),
      nextFire: wanted("nextFire"),
      placeholders: wanted("placeholders"),
      defaults: wanted("defaults"),
    },
  };
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
