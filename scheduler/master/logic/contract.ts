// A logic task that waits for something: what its kind has to know. It runs in its master, without a process.

import type { TaskDefinition } from "../../model/definition.ts";
import type { Incarnation } from "../../model/ids.ts";
import type { TaskEvent, Wish } from "../../model/life/task.ts";
import type { ChildChange } from "../../store/children.ts";
import type { Database } from "../../store/database.ts";
import type { InstanceState } from "../instance-state.ts";

export interface LogicContext {
  readonly database: Database;
  readonly instance: InstanceState;
  readonly owner: Incarnation;
  readonly epoch: number;
}

/** What a look or a beginning comes to: an event of the task, more children, or nothing yet. */
export interface LogicNews {
  readonly event?: TaskEvent;
  /** Saved with the event, if it takes effect; by themselves while the attempt runs. */
  readonly children?: ChildChange;
}

export interface LogicLook {
  readonly attempt: number;
  readonly wish: Wish;
  readonly sinceMs: number;
}

/** Both read rows and may be repeated; they reject while the database is away. */
export interface LogicTask {
  /** How often to look when nobody says that there is something to see. */
  readonly lookEveryMs: number;
  begin(): Promise<LogicNews>;
  look(now: LogicLook): Promise<LogicNews>;
}

export type LogicType = (task: number, definition: TaskDefinition, context: LogicContext) => LogicTask;
