// Workflows in a few words, and what became of their instances in one line.

import assert from "node:assert/strict";
import type { InstanceShape } from "../../scheduler/api/contract.ts";

/** `a: sleep 1` lines as shell tasks, further lines of a header, edges as they are written. */
export function workflow(name: string, tasks: { readonly [name: string]: string }, edges = "", header = ""): string {
  const blocks = Object.entries(tasks).map(([task, text]) => {
    const [script = "", ...attributes] = text.split(" | ");
    const lines = [...attributes.map((line) => `  ${line}`), "  ```bash", `  ${script}`, "  ```"];
    return `task ${task}: shell {\n${lines.join("\n")}\n}\n`;
  });
  return `workflow t/${name} {\n${header}\n}\n\n${blocks.join("\n")}\n${edges}\n`;
}

/** `w failed: a succeeded#1, b failed#2` */
export const told = (instance: InstanceShape): string => {
  const tasks = (instance.tasks ?? []).map((task) => {
    const attempts = task.attempts.length > 0 ? `#${task.attempts.length}` : "";
    return `${task.name} ${task.state}${attempts}`;
  });
  return `${instance.state}: ${tasks.join(", ")}`;
};

export const taskOf = (instance: InstanceShape, name: string) => {
  const found = instance.tasks?.find((task) => task.name === name);
  assert.ok(found, `no task ${name} in ${told(instance)}`);
  return found;
};

export const isRunning =
  (task: string) =>
  (instance: InstanceShape): boolean =>
    instance.tasks?.find(({ name }) => name === task)?.state === "running";
