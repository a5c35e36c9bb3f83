// What the routes work with.

import type { LogStore } from "../../logs/contract.ts";
import type { Logger } from "../../model/logger.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { Registry } from "../../registry/contract.ts";
import type { Database } from "../../store/database.ts";
import type { Cipher } from "../../store/encryption.ts";
import { type StoredWorkflow, workflow } from "../../store/queries.ts";

export interface RouteDeps {
  readonly database: Database;
  readonly logs: LogStore;
  readonly registry: Registry;
  /** For what stands sealed in the database. */
  readonly cipher: Cipher;
  readonly log: Logger;
  /** The numbers of this process itself, in Prometheus' text format. */
  readonly processMetrics?: () => Promise<string>;
  /** Lets a master of the same process look at once; elsewhere masters look by themselves. */
  readonly wake: () => void;
}

/** The deployed workflow that a path names, or a clear refusal. */
export async function deployedWorkflow(
  { database }: RouteDeps,
  params: { readonly [name: string]: string },
): Promise<StoredWorkflow> {
  const { p = "", w = "" } = params;
  const found = await workflow(database, p, w);
  if (found) return found;
  throw new OperationError("not_found", `workflow ${p}/${w} is not deployed here: deploy it first, or check the name`);
}
