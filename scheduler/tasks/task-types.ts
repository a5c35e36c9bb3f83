// The list of task types.

import type { Attribute, TaskType } from "./attribute.ts";
import { http } from "./http.ts";
import { javascript } from "./javascript.ts";
import { python } from "./python.ts";
import { shell } from "./shell.ts";
import { taskAttributes } from "./task-attributes.ts";
import { conditions, dependent, procedure, sql, subWorkflow, switchType } from "./types-to-come.ts";

export const taskTypes: readonly TaskType[] = [
  shell,
  javascript,
  python,
  http,
  sql,
  procedure,
  switchType,
  conditions,
  dependent,
  subWorkflow,
];

/** Those that this build runs. */
export const supportedTypes: readonly TaskType[] = taskTypes.filter((type) => !type.notYet);

export const findTaskType = (name: string): TaskType | undefined => taskTypes.find((type) => type.name === name);

/** The type's own attributes first, then those common to all. */
export const attributesOf = (type: TaskType): readonly Attribute[] => [...type.attributes, ...taskAttributes];

/** Attributes of the workflow's `defaults { … }`. */
export const defaultAttributes: readonly Attribute[] = taskAttributes.filter((attribute) => attribute.mayBeDefault);
