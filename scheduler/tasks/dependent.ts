// The task type `dependent`.

import { day, hour, second, type TaskType } from "./attribute.ts";

export const dependent: TaskType = {
  name: "dependent",
  doc: "Waits until other workflows, or tasks of them, have succeeded in a window of time around the schedule time. Of the instances whose schedule time lies in the window the latest that ended decides; while there is none, it waits.",
  example:
    "task wait: dependent {\n  wait_for = all(\n    crm/customers_daily @ last_1_days,\n    any(crm/orders_hourly.load @ last_24_hours, erp/full_reload @ today),\n  )\n}",
  runBy: "master",
  script: { need: "none", languages: [] },
  attributes: [
    {
      name: "wait_for",
      type: { kind: "wait" },
      isRequired: true,
      doc: "What is waited for: `project/workflow @ window` or `project/workflow.task @ window`, joined by `all(…)` and `any(…)`.",
      example: "wait_for = all(crm/customers_daily @ last_1_days)",
    },
    {
      name: "check_every",
      type: { kind: "duration", minMs: second, maxMs: day },
      default: "10s",
      doc: "How often to look.",
      example: "check_every = 10s",
    },
    {
      name: "on_failed",
      type: {
        kind: "phrase",
        first: {
          name: "action",
          type: {
            kind: "choice",
            words: [
              { word: "fail", doc: "The task fails at once." },
              { word: "wait", doc: "The task goes on waiting for so long: a rerun may still succeed." },
            ],
          },
        },
        tails: [
          {
            word: "for",
            name: "for",
            type: { kind: "duration", minMs: second, maxMs: 7 * 24 * hour },
            isOptional: false,
            with: ["wait"],
          },
        ],
      },
      default: "fail",
      doc: "What happens when what it waits for has failed.",
      example: "on_failed = wait for 2h",
    },
  ],
};
