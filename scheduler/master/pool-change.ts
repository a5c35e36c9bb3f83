// What a task's new state means for its task group: it waits for a slot, gives up the one it has, or neither.

import { type Priority, priorities, type TaskDefinition } from "../model/definition.ts";
import type { TaskLife } from "../model/life/task.ts";
import type { PoolChange } from "../store/task-groups.ts";

/** `workflowPriority`: an index into `priorities`, like that of the row. */
export function poolChange(
  taskIndex: number,
  { taskGroup, priority }: Pick<TaskDefinition, "taskGroup" | "priority">,
  workflowPriority: number,
  { before, after }: { readonly before: TaskLife | undefined; readonly after: TaskLife },
): PoolChange | undefined {
  if (!taskGroup) return undefined;
  if (after.state === "submitted") {
    // The job that a lost attempt left runs on, in its slot.
    if (after.carriesOn && before && isUnderWay(before)) return undefined;
    return {
      kind: "wait",
      taskIndex,
      group: taskGroup.name,
      poolPriority: taskGroup.priority,
      workflowPriority,
      taskPriority: rankOf(priority),
      sinceMs: after.sinceMs,
    };
  }
  return before && wantsSlot(before) && !wantsSlot(after) ? { kind: "leave", taskIndex } : undefined;
}

const rankOf = (priority: Priority): number => priorities.indexOf(priority);

/** A task in a task group holds its slot, or waits for one, until its attempt has ended. */
const wantsSlot = (life: TaskLife): boolean => life.state === "submitted" || isUnderWay(life);
const isUnderWay = ({ state }: TaskLife): boolean => state === "dispatched" || state === "running";
