// Runs a task's fence as an ES module with the Node that runs the worker.

import { nodeEnvironment } from "../node-environment.ts";
import { type Executor, endOfProcess } from "./contract.ts";

export function javascriptExecutor(): Executor {
  return {
    type: "javascript",
    setsOutputsByLog: true,
    run: async (context) => {
      const path = context.writeScript("script.mjs");
      const { ELECTRON_RUN_AS_NODE } = nodeEnvironment();
      const extra = ELECTRON_RUN_AS_NODE === undefined ? {} : { ELECTRON_RUN_AS_NODE };
      return endOfProcess(await context.process(process.execPath, [path], extra), "node");
    },
  };
}
