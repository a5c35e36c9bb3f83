// What tests of anything that speaks over the wire need: a greeting, a log that keeps what was said, a registry in memory.

import { incarnation } from "../../scheduler/model/ids.ts";
import type { Logger } from "../../scheduler/model/logger.ts";
import type { Handlers, WireSettings } from "../../scheduler/wire/contract.ts";
import type { Greeting } from "../../scheduler/wire/messages.ts";

export const greeting = (role: Greeting["role"], name: string = role): Greeting => ({
  role,
  incarnation: incarnation(name, "1"),
});

export const wireSettings = (
  role: Greeting["role"],
  handlers: Handlers = {},
  secret = "a secret for tests",
): WireSettings => ({
  greeting: greeting(role),
  secret,
  handlers,
});

export interface KeptLog extends Logger {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
}

export function keptLog(): KeptLog {
  const lines: KeptLog["lines"] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
