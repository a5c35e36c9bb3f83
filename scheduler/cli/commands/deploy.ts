// `porpoise deploy`: sends source text; the server compiles it, and stores all of it or nothing.

import { styleText } from "node:util";
import type { DeployResponse } from "../../api/contract.ts";
import type { Client } from "../client.ts";
import { collectForDeployment } from "../flow-files.ts";
import { type ExitCode, type Io, print, printJson, say } from "../io.ts";
import { coloured } from "../render.ts";

export interface DeployOptions {
  readonly plan?: boolean;
  readonly prune?: boolean;
  readonly json?: boolean;
}

export async function deploy(
  client: Client,
  io: Io,
  paths: readonly string[],
  options: DeployOptions,
): Promise<ExitCode> {
  const files = [...collectForDeployment(paths, io.cwd)];
  const { plan = false, prune = false } = options;
  const answer = await client.post<DeployResponse>("/deployments", { files, plan, prune });
  if (options.json) {
    printJson(io, answer.deployments);
    return 0;
  }
  for (const { project, workflow, action, version, changes } of answer.deployments) {
    const number = version === undefined ? "" : ` (version ${version})`;
    print(io, `${coloured(io, action).padEnd(io.isTerminal ? 19 : 9)} ${project}/${workflow}${number}`);
    for (const { kind, name, from, to } of action === "update" ? changes : []) {
      const sign = from === undefined ? "+" : to === undefined ? "-" : "~";
      const detail = [from, to].map((text) => (text === undefined ? "" : short(text)));
      const text = `  ${sign} ${kind} ${name}${sign === "~" ? `: ${detail[0]} → ${detail[1]}` : ""}`;
      print(io, io.isTerminal ? styleText("dim", text) : text);
    }
  }
  for (const { kind, name } of answer.made ?? [])
    print(io, `${coloured(io, "create").padEnd(io.isTerminal ? 19 : 9)} ${kind.replace("_", " ")} ${name}`);
  for (const { path, range, severity, message, code } of answer.problems) {
    if (severity !== "warning") continue;
    say(io, `${path}:${range.start.line + 1}:${range.start.character + 1}: ${severity}: ${message} [${code}]`);
  }
  if (plan) say(io, "This is the plan: nothing was changed.");
  return 0;
}

const short = (text: string): string => {
  const line = text.replaceAll("\n", "⏎");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
};
