// The list of task types.

import type { Attribute, TaskType } from "./attribute.ts";
import { conditions } from "./conditions.ts";
import { dependent } from "./dependent.ts";
import { flink } from "./flink.ts";
import { http } from "./http.ts";
import { javascript } from "./javascript.ts";
import { procedure } from "./procedure.ts";
import { python } from "./python.ts";
import { shell } from "./shell.ts";
import { sql } from "./sql.ts";
import { subWorkflow } from "./sub-workflow.ts";
import { switchType } from "./switch.ts";
import { taskAttributes } from "./task-attributes.ts";

export const taskTypes: readonly TaskType[] = [
  shell,
  javascript,
  python,
  http,
  sql,
  procedure,
  flink,
  switchType,
  conditions,
  dependent,
  subWorkflow,
];

export const findTaskType = (name: string): TaskType | undefined => taskTypes.find((type) => type.name === name);

/** The type's own attributes first, then those common to all. */
export const attributesOf = (type: TaskType): readonly Attribute[] => [...type.attributes, ...taskAttributes];

/** Attributes of the workflow's `defaults { … }`. */
export const defaultAttributes: readonly Attribute[] = taskAttributes.filter((attribute) => attribute.mayBeDefault);
