// Runs a task's fence with the worker's Python 3.

import { type Executor, endOfProcess } from "./contract.ts";

export function pythonExecutor(): Executor {
  return {
    type: "python",
    setsOutputsByLog: true,
    run: async (context) => {
      const path = context.writeScript("script.py");
      // Into a file Python writes in blocks: unbuffered, its lines are seen while it runs.
      return endOfProcess(await context.process("python3", [path], { PYTHONUNBUFFERED: "1" }), "python3");
    },
  };
}
