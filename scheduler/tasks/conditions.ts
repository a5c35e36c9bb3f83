// The task type `conditions`.

import type { TaskType } from "./attribute.ts";

export const conditions: TaskType = {
  name: "conditions",
  doc: "Takes the first branch whose condition over the outcomes of the tasks directly before it is true, else the `else`. It also starts behind failed tasks, and takes their failure up: the instance may still succeed.",
  example: "task gate: conditions {\n  after = load\n  when load is succeeded >> publish\n  else >> page\n}",
  runBy: "master",
  script: { need: "none", languages: [] },
  attributes: [],
  branches: "outcomes",
};
