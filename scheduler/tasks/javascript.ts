// The task type `javascript`.

import type { TaskType } from "./attribute.ts";

export const javascript: TaskType = {
  name: "javascript",
  doc: "Runs an ECMAScript module on the worker's own Node; it succeeds when the process ends with 0.",
  example: 'task hello: javascript {\n  ```javascript\n  console.log("hello");\n  ```\n}',
  runBy: "worker",
  script: { need: "required", languages: ["javascript", "js", "mjs"] },
  attributes: [],
};
