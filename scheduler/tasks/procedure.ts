// The task type `procedure`.

import type { TaskType } from "./attribute.ts";
import { datasource } from "./sql.ts";

export const procedure: TaskType = {
  name: "procedure",
  doc: "Calls a stored procedure of a data source; the values of the task's `in`s are bound to the `?`s, in their order.",
  example:
    'task publish: procedure {\n  datasource = warehouse\n  call = "call publish_kpi(?)"\n  in day: date = 2026-01-31\n}',
  runBy: "worker",
  script: { need: "none", languages: [] },
  attributes: [
    datasource,
    {
      name: "call",
      type: { kind: "text" },
      isRequired: true,
      doc: "The call, with a `?` for each `in`.",
      example: 'call = "call publish_kpi(?)"',
    },
  ],
};
