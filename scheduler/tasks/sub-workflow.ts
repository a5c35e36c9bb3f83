// The task type `sub_workflow`.

import type { TaskType } from "./attribute.ts";

export const subWorkflow: TaskType = {
  name: "sub_workflow",
  doc: "Runs another workflow and waits for its outcome, which becomes its own. The child inherits the schedule time and sees the params and `in`s of this task.",
  example: "task load: sub_workflow {\n  workflow = retail/load_small\n}",
  runBy: "master",
  script: { need: "none", languages: [] },
  attributes: [
    {
      name: "workflow",
      type: { kind: "workflow" },
      isRequired: true,
      doc: "The workflow that is run; of this workflow's project where none is named.",
      example: "workflow = retail/load_small",
    },
    {
      name: "for_each",
      type: {
        kind: "phrase",
        first: { name: "list", type: { kind: "list_param" } },
        tails: [{ word: "as", name: "as", type: { kind: "name" }, isOptional: true }],
      },
      doc: "Runs one child for each item of a list in scope; the child sees the item as the param `item`, or as the name behind `as`.",
      example: "for_each = regions as region",
    },
    {
      name: "parallelism",
      type: { kind: "integer", min: 1, max: 1000 },
      default: "1",
      doc: "How many children of `for_each` run at a time.",
      example: "parallelism = 4",
    },
    {
      name: "max_instances",
      type: { kind: "integer", min: 1, max: 10_000 },
      default: "1000",
      doc: "More items than this fail the task before any child starts.",
      example: "max_instances = 100",
    },
  ],
};
