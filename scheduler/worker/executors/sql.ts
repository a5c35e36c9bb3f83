// Runs a task's statements on its data source, in a process of their own.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDatabase } from "../../model/datasource.ts";
import { asNode } from "../node-environment.ts";
import type { SqlPublished, SqlRequest, SqlValue } from "../sql/contract.ts";
import { AttemptFailure, type Executor, type ExecutorContext, type ExecutorEnd, endOfProcess } from "./contract.ts";

/** `command`: the command line that runs `sql/main.ts`, or the bundle's equal. */
export function sqlExecutor(command: readonly string[]): Executor {
  return {
    type: "sql",
    // Whoever fills a table must not be able to set outputs by what stands in it.
    setsOutputsByLog: false,
    run: (context) => {
      const { attributes } = context.assignment.task;
      const all = [
        ...texts(context, attributes["pre_statements"], "pre_statements"),
        context.script(),
        ...texts(context, attributes["post_statements"], "post_statements"),
      ];
      return runStatements(
        context,
        command,
        all.map((text) => ({ text, values: [] })),
      );
    },
  };
}

export function procedureExecutor(command: readonly string[]): Executor {
  return {
    type: "procedure",
    setsOutputsByLog: false,
    run: (context) => {
      const { task, datasource } = context.assignment;
      if (datasource?.kind === "sqlite") {
        throw new AttemptFailure(`data source ${datasource.name} is SQLite, which has no procedures: use a sql task`);
      }
      const { call } = task.attributes;
      const text = context.text(typeof call === "string" ? call : "", "call");
      return runStatements(context, command, [{ text, values: task.inputs.map((input) => bound(context, input)) }]);
    },
  };
}

function texts(context: ExecutorContext, value: unknown, attribute: string): readonly string[] {
  const list = Array.isArray(value) ? value : [];
  return list.flatMap((text) => (typeof text === "string" ? [context.text(text, attribute)] : []));
}

/** A param's value as a value of the database. */
function bound(
  { assignment: { scope } }: ExecutorContext,
  { name, type }: { readonly name: string; readonly type: string },
): SqlValue {
  const text = scope[name] ?? "";
  if (text === "" && type !== "string") return null;
  return type === "boolean" ? text === "true" : text;
}

async function runStatements(
  context: ExecutorContext,
  [program = process.execPath, ...args]: readonly string[],
  statements: SqlRequest["statements"],
): Promise<ExecutorEnd> {
  const { task, datasource } = context.assignment;
  if (datasource === undefined) {
    throw new AttemptFailure(`the task's data source "${String(task.attributes["datasource"])}" did not come with it`);
  }
  const { kind } = datasource;
  if (!isDatabase(kind)) {
    throw new AttemptFailure(
      `data source ${datasource.name} is of the kind ${kind}, which runs no SQL: name a database`,
    );
  }
  const resultFile = join(context.directory, "result.json");
  const name = `${datasource.cluster} ${context.assignment.taskInstance}`;
  const request: SqlRequest = {
    lock: `porpoise ${createHash("sha256").update(name).digest("hex").slice(0, 40)}`,
    connection: { ...datasource, kind },
    statements,
    resultFile,
    outputs: task.outputs.map(({ name, type }) => ({ name, isList: type === "list" })),
  };
  const file = context.writeFile("request.json", JSON.stringify(request));
  const end = endOfProcess(await context.process(program, [...args, file], asNode()), "node");
  if (end.outcome === "failed")
    return { ...end, reason: end.exitCode === 1 ? "the statement failed: see its log" : end.reason };
  return { ...end, outputs: JSON.parse(readFileSync(resultFile, "utf8")) as SqlPublished }; // written by the process
}
