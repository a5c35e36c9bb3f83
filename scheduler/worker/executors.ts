// The types of tasks that a worker can run, one line a type.

import type { Executor } from "./executors/contract.ts";
import { httpExecutor } from "./executors/http.ts";
import { javascriptExecutor } from "./executors/javascript.ts";
import { pythonExecutor } from "./executors/python.ts";
import { shellExecutor } from "./executors/shell.ts";

export function executors(): ReadonlyMap<string, Executor> {
  const all = [shellExecutor(), javascriptExecutor(), pythonExecutor(), httpExecutor()];
  return new Map(all.map((executor) => [executor.type, executor]));
}
