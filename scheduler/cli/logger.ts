// Logs of server processes: structured lines on standard error.

import { pino } from "pino";
import type { Logger } from "../model/logger.ts";

export function openLogger(process: string, level: string): Logger {
  return pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      // An error under any name is told with its message and stack, not as an empty object.
      serializers: { error: pino.stdSerializers.err },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
