// An actor failed for a fault of our own: its instance goes to whoever takes it next, and after some times it fails, visibly: in its
// state, in `error_command`, and by the alert of a failure.

import type { WorkflowDefinition } from "../model/definition.ts";
import type { Incarnation, WorkflowInstanceId } from "../model/ids.ts";
import type { Logger } from "../model/logger.ts";
import type { Database } from "../store/database.ts";
import { type GivenUp, giveUpInstance } from "../store/ownership.ts";
import type { RaisedAlert } from "../store/raised-alerts.ts";
import { outcomeAlert } from "./instance-alerts.ts";

export interface GivingUpDeps {
  readonly database: Database;
  readonly owner: Incarnation;
  readonly definitionOf: (workflowId: string, version: number) => Promise<Pick<WorkflowDefinition, "alert">>;
  readonly log: Logger;
}

/** Never rejects: should the database be away as well, the comparison of rows with actors finds the instance again. */
export async function giveUp(
  { database, owner, definitionOf, log }: GivingUpDeps,
  {
    instance,
    epoch,
    error,
  }: { readonly instance: WorkflowInstanceId; readonly epoch: number; readonly error: unknown },
): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  log.error({ instance, epoch, error }, "an actor failed: its instance is given up");
  const alert = async (given: GivenUp): Promise<RaisedAlert | undefined> => {
    // The definition may be the very thing that cannot be read.
    const known = await definitionOf(given.workflowId, given.version).catch(() => undefined);
    const { project, name, options, runTimes } = given;
    const definition = { project, name, tasks: [], ...(known?.alert ? { alert: known.alert } : {}) };
    const facts = { definition, record: { id: instance, options }, runTimes, nowMs: database.nowMs() };
    const raised = outcomeAlert(facts, "failed", []);
    return raised && { ...raised, body: `${raised.body}\nThis is a fault of the server: ${reason}` };
  };
  try {
    await giveUpInstance(database, { instance, owner, epoch, reason, alert });
  } catch (failure) {
    log.error({ instance, error: failure }, "cannot give the instance up now");
  }
}
