// Attributes that every task may have, whatever its type.

import { type Attribute, day, second } from "./attribute.ts";
import { priorityWords, timeoutWords } from "./choices.ts";

const longest = 365 * day;

export const taskAttributes: readonly Attribute[] = [
  {
    name: "after",
    type: { kind: "tasks" },
    doc: "The tasks that must be over before this one starts; says the same as edges `a >> b`.",
    example: "after = [extract, load]",
  },
  {
    name: "description",
    type: { kind: "string" },
    doc: "One line for people, shown beside the task.",
    example: 'description = "Pull the order files"',
  },
  {
    name: "enabled",
    type: { kind: "boolean" },
    default: "true",
    doc: "`false`: the task is passed through at once, without an attempt.",
    example: "enabled = false",
  },
  {
    name: "retries",
    type: {
      kind: "phrase",
      first: { name: "count", type: { kind: "integer", min: 0, max: 100 } },
      tails: [{ word: "every", name: "every", type: { kind: "duration", minMs: 0, maxMs: 7 * day }, isOptional: true }],
    },
    default: "0 every 1m",
    mayBeDefault: true,
    doc: "How many more attempts a failed task gets, and how long to wait before each (1m where it is not said).",
    example: "retries = 3 every 1m",
  },
  {
    name: "timeout",
    type: {
      kind: "phrase",
      first: { name: "after", type: { kind: "duration", minMs: second, maxMs: longest } },
      tails: [{ word: "then", name: "action", type: { kind: "choice", words: timeoutWords }, isOptional: true }],
    },
    mayBeDefault: true,
    doc: "How long one attempt may run, and what happens then (`fail` where it is not said).",
    example: "timeout = 45m then warn_and_fail",
  },
  {
    name: "delay",
    type: { kind: "duration", minMs: 0, maxMs: longest },
    default: "0s",
    mayBeDefault: true,
    doc: "How long to wait after the tasks before are over.",
    example: "delay = 1m",
  },
  {
    name: "priority",
    type: { kind: "choice", words: priorityWords },
    default: "medium",
    mayBeDefault: true,
    doc: "Which task goes first when workers are short, among workflows of the same priority.",
    example: "priority = high",
  },
  {
    name: "worker_group",
    type: { kind: "name", of: "worker_group" },
    mayBeDefault: true,
    doc: "The group of workers that runs this task, where it is not the workflow's.",
    example: "worker_group = gpu",
  },
  {
    name: "files",
    type: { kind: "list", of: { kind: "file" } },
    doc: "Files beside the workflow that are deployed with it and lie in the task's directory when it runs.",
    example: 'files = ["jobs/extract.sh"]',
  },
  {
    name: "environment",
    type: { kind: "name", of: "environment" },
    mayBeDefault: true,
    doc: "The server's environment whose variables the task gets, where it is not the workflow's.",
    example: "environment = prod",
  },
  {
    name: "task_group",
    type: {
      kind: "phrase",
      first: { name: "name", type: { kind: "name", of: "task_group" } },
      tails: [{ word: "priority", name: "priority", type: { kind: "integer", min: 0, max: 1000 }, isOptional: true }],
    },
    mayBeDefault: true,
    doc: "A pool of the server that limits how many tasks run at once, and the task's priority in it: the highest number goes first (0 where it is not said).",
    example: "task_group = ods_extract priority 10",
  },
  {
    name: "dispatch_timeout",
    type: { kind: "duration", minMs: second, maxMs: longest },
    mayBeDefault: true,
    doc: "How long the task may wait for a worker before it fails; for ever where it is not said.",
    example: "dispatch_timeout = 10m",
  },
];
