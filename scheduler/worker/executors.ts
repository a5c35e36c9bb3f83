// The types of tasks that a worker can run, one line a type.

import type { Executor } from "./executors/contract.ts";
import { flinkExecutor } from "./executors/flink.ts";
import { httpExecutor } from "./executors/http.ts";
import { javascriptExecutor } from "./executors/javascript.ts";
import { pythonExecutor } from "./executors/python.ts";
import { shellExecutor } from "./executors/shell.ts";
import { procedureExecutor, sqlExecutor } from "./executors/sql.ts";

/** `sqlCommand`: the command line that runs `sql/main.ts`, or the bundle's equal. */
export function executors(sqlCommand: readonly string[]): ReadonlyMap<string, Executor> {
  const all = [
    shellExecutor(),
    javascriptExecutor(),
    pythonExecutor(),
    httpExecutor(),
    sqlExecutor(sqlCommand),
    procedureExecutor(sqlCommand),
    flinkExecutor(),
  ];
  return new Map(all.map((executor) => [executor.type, executor]));
}
