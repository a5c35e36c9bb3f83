// The task type `python`.

import type { TaskType } from "./attribute.ts";

export const python: TaskType = {
  name: "python",
  doc: "Runs a script with the worker's `python3`; it succeeds when the script ends with 0.",
  example: 'task hello: python {\n  ```python\n  print("hello")\n  ```\n}',
  runBy: "worker",
  script: { need: "required", languages: ["python", "python3", "py"] },
  attributes: [],
};
