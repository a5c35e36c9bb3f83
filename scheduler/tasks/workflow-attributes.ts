// Attributes of the workflow's own block.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is a notation of the language that is described here.

import { type Attribute, day, type Statement, second } from "./attribute.ts";
import { priorityWords } from "./choices.ts";

export const workflowAttributes: readonly Attribute[] = [
  {
    name: "schedule",
    type: {
      kind: "phrase",
      first: { name: "cron", type: { kind: "cron" } },
      tails: [{ word: "in", name: "zone", type: { kind: "zone" }, isOptional: true }],
    },
    doc: "When the workflow starts by itself: a Quartz expression of 6 or 7 fields, in a time zone (UTC where none is given).",
    example: 'schedule = cron("0 30 2 * * ?") in "Asia/Shanghai"',
  },
  {
    name: "active",
    type: { kind: "span", of: { kind: "date" } },
    doc: "First and last day (or instant) on which the schedule fires, both inclusive, in the schedule's zone.",
    example: "active = 2026-01-01 .. 2026-12-31",
  },
  {
    name: "online",
    type: { kind: "boolean" },
    default: "true",
    doc: "Whether a deploy leaves the schedule firing; `false` takes it offline.",
    example: "online = false",
  },
  {
    name: "catchup",
    type: {
      kind: "choice",
      words: [
        { word: "none", doc: "Missed fires are left out." },
        { word: "last", doc: "Only the latest missed fire is made up for." },
        { word: "all", doc: "Every missed fire is made up for." },
      ],
    },
    default: "last",
    doc: "What happens to fires that were missed while no scheduler was there.",
    example: "catchup = last",
  },
  {
    name: "concurrency",
    type: {
      kind: "choice",
      words: [
        { word: "parallel", doc: "Instances run side by side." },
        { word: "serial_wait", doc: "A new instance waits until the older ones have ended." },
        { word: "serial_discard", doc: "A new instance ends as stopped while an older one is there." },
        { word: "serial_priority", doc: "The older instance is stopped, the new one starts when it has ended." },
      ],
    },
    default: "parallel",
    doc: "What happens when an instance is triggered while another one of the workflow is there.",
    example: "concurrency = serial_wait",
  },
  {
    name: "on_failure",
    type: {
      kind: "choice",
      words: [
        { word: "continue", doc: "Chains that do not depend on the failed task run on." },
        { word: "end", doc: "Running tasks are killed." },
      ],
    },
    default: "continue",
    doc: "What happens to the rest of an instance when a task has failed for good.",
    example: "on_failure = end",
  },
  {
    name: "timeout",
    type: { kind: "duration", minMs: second, maxMs: 365 * day },
    doc: "Raises an alert when an instance takes longer.",
    example: "timeout = 4h",
  },
  {
    name: "priority",
    type: { kind: "choice", words: priorityWords },
    default: "medium",
    doc: "Which workflow's tasks go first when workers are short.",
    example: "priority = high",
  },
  {
    name: "worker_group",
    type: { kind: "name", of: "worker_group" },
    default: "default",
    doc: "The group of workers that runs the tasks.",
    example: "worker_group = default",
  },
  {
    name: "environment",
    type: { kind: "name", of: "environment" },
    doc: "The server's environment whose variables every task gets.",
    example: "environment = prod",
  },
  {
    name: "alert",
    type: {
      kind: "phrase",
      first: {
        name: "on",
        type: {
          kind: "choice",
          words: [
            { word: "none", doc: "Nobody hears of it." },
            { word: "success", doc: "The group hears of instances that succeeded." },
            { word: "failure", doc: "The group hears of instances that failed." },
            { word: "all", doc: "The group hears of every instance that has ended." },
          ],
        },
      },
      tails: [
        {
          word: "to",
          name: "group",
          type: { kind: "name", of: "alert_group" },
          isOptional: false,
          with: ["success", "failure", "all"],
        },
      ],
    },
    default: "none",
    doc: "Which outcomes are told to which alert group of the server; warnings of time-outs go to it as well.",
    example: 'alert = failure to "data-oncall"',
  },
];

export const statements: readonly Statement[] = [
  {
    keyword: "param",
    places: ["workflow"],
    doc: "A value that every task sees as `${name}` and as `PORPOISE_NAME`; without a value it is the project's, or given at the start.",
    example: 'param bizdate: date = "$[yyyy-MM-dd-1]"',
  },
  {
    keyword: "defaults",
    places: ["workflow"],
    doc: "Attributes that every task has unless it says otherwise.",
    example: "defaults {\n  retries = 2 every 5m\n}",
  },
  {
    keyword: "in",
    places: ["task"],
    doc: "A value that only this task sees; one of the same name from further out is hidden by it unless it is empty.",
    example: 'in dt: date = "${bizdate}"',
  },
  {
    keyword: "out",
    places: ["task"],
    doc: "A value that the task sets with a log line `#{setValue(name=value)}` for the tasks after it.",
    example: "out row_count: integer",
  },
  {
    keyword: "when",
    places: ["task"],
    doc: "A branch of a `switch` or `conditions` task: the first one that is true is taken, the tasks of the others are skipped.",
    example: "when row_count == 0 >> notify_empty",
  },
  {
    keyword: "else",
    places: ["task"],
    doc: "The branch that is taken when no `when` is true.",
    example: "else >> load_small",
  },
];
