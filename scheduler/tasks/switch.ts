// The task type `switch`.

import type { TaskType } from "./attribute.ts";

export const switchType: TaskType = {
  name: "switch",
  doc: "Takes the first branch whose condition over params and outputs is true, else the `else`; the tasks of the other branches are skipped.",
  example: "task route: switch {\n  in rows: integer = 0\n  when rows == 0 >> notify\n  else >> load\n}",
  runBy: "master",
  script: { need: "none", languages: [] },
  attributes: [],
  branches: "params",
};
