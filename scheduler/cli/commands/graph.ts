// `porpoise graph`: a workflow file as a picture or as data.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { openDocument } from "../../language/document.ts";
import { mermaid } from "../../language/graph/mermaid.ts";
import { svg } from "../../language/graph/svg.ts";
import { type TaskGraph, taskGraph } from "../../language/graph/task-graph.ts";
import { type ExitCode, type Io, say } from "../io.ts";

export type GraphFormat = "svg" | "mermaid" | "json";

export interface GraphOptions {
  readonly format: GraphFormat;
}

/** Goes to standard output; a file with errors is drawn as far as it can be read, and the exit code says so. */
export async function graph(file: string, options: GraphOptions, io: Io): Promise<ExitCode> {
  let text: string;
  try {
    text = await readFile(path.resolve(io.cwd, file), "utf8");
  } catch {
    say(io, `${file}: there is no such file, or it cannot be read`);
    return 2;
  }
  const document = openDocument(text.replace(/^\ufeff/, ""));
  io.stdout.write(draw[options.format](taskGraph(document)));
  const errors = document.problems().filter((problem) => problem.severity === "error").length;
  if (errors === 0) return 0;
  say(
    io,
    `${file}: ${errors} ${errors === 1 ? "error" : "errors"}, porpoise check shows them: the picture may lack something`,
  );
  return 1;
}

const draw: { readonly [format in GraphFormat]: (graph: TaskGraph) => string } = {
  svg,
  mermaid,
  json: (graph) => `${JSON.stringify(graph, undefined, 2)}\n`,
};
