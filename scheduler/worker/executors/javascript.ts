// Runs a task's fence as an ES module with the Node that runs the worker.

import { asNode } from "../node-environment.ts";
import { type Executor, endOfProcess } from "./contract.ts";

export function javascriptExecutor(): Executor {
  return {
    type: "javascript",
    setsOutputsByLog: true,
    run: async (context) => {
      const path = context.writeScript("script.mjs");
      return endOfProcess(await context.process(process.execPath, [path], asNode()), "node");
    },
  };
}
