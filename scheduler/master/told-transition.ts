// What the log tells of a transition once it is committed: how attempts stand, and that an instance has come to rest.

import { taskInstanceId } from "../model/ids.ts";
import { type Logger, ofAttempt } from "../model/logger.ts";
import type { Transition } from "../store/transitions.ts";

export function tellOfTransition(log: Logger, { instance, epoch, attempts, header }: Transition): void {
  for (const { taskIndex, attempt, state, worker, reason } of attempts) {
    const fields = { ...ofAttempt({ taskInstance: taskInstanceId(instance, taskIndex), attempt }), worker, reason };
    if (state === "lost") log.warn(fields, "the attempt is lost");
    else if (state === "failed") log.info(fields, "the attempt has failed");
    else log.debug(fields, `the attempt is ${state}`);
  }
  if (header.owner === null) log.info({ instance, epoch, state: header.state }, "the instance has come to rest");
}
