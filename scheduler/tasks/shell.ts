// The task type `shell`.

import type { TaskType } from "./attribute.ts";

export const shell: TaskType = {
  name: "shell",
  doc: "Runs a script with the worker's shell; it succeeds when the script ends with 0.",
  example: "task hello: shell {\n  ```bash\n  echo hello\n  ```\n}",
  runBy: "worker",
  script: { need: "required", languages: ["bash", "sh"] },
  attributes: [],
};
