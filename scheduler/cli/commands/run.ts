// `porpoise run`: starts an instance, and waits for it or follows it where asked to.

import type { InstanceShape, StartRequest } from "../../api/contract.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { Client } from "../client.ts";
import { followInstance } from "../follow.ts";
import { type ExitCode, type Io, print, printJson, say } from "../io.ts";
import { coloured, duration } from "../render.ts";
import { workflowRoute } from "../workflow-name.ts";

export interface RunOptions {
  readonly param: readonly string[];
  readonly from: readonly string[];
  readonly scope?: NonNullable<StartRequest["scope"]>;
  readonly priority?: NonNullable<StartRequest["priority"]>;
  readonly failureStrategy?: NonNullable<StartRequest["failureStrategy"]>;
  readonly workerGroup?: string;
  readonly environment?: string;
  readonly alertGroup?: string;
  readonly note?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export async function run(client: Client, io: Io, workflow: string, options: RunOptions): Promise<ExitCode> {
  const { priority, failureStrategy, workerGroup, environment, alertGroup, note } = options;
  const request: StartRequest = {
    params: paramsOf(options.param),
    ...(priority ? { priority } : {}),
    ...(failureStrategy ? { failureStrategy } : {}),
    ...(workerGroup ? { workerGroup } : {}),
    ...(environment ? { environment } : {}),
    ...(alertGroup ? { alertGroup } : {}),
    ...(note ? { note } : {}),
    ...(options.from.length > 0 ? { from: [...options.from] } : {}),
    ...(options.scope ? { scope: options.scope } : {}),
    ...(options.dryRun ? { dryRun: true } : {}),
  };
  const started = await client.post<InstanceShape>(`${workflowRoute(workflow)}/instances`, request);
  if (!options.wait && !options.follow) {
    if (options.json) printJson(io, started);
    else print(io, started.id);
    return 0;
  }
  if (!options.json)
    say(io, `instance ${started.id} of ${started.project}/${started.workflow} (version ${started.version})`);
  const ended = await followInstance(client, io, started.id, { lines: options.follow === true && !options.json });
  if (options.json) printJson(io, ended);
  else {
    if (!options.follow) print(io, started.id);
    tellEnd(io, ended);
  }
  return ended.state === "succeeded" ? 0 : 1;
}

export function tellEnd(io: Io, ended: InstanceShape): void {
  say(io, `instance ${ended.id} ${coloured(io, ended.state)} after ${duration(ended.startedAt, ended.endedAt)}`);
  for (const task of ended.tasks ?? []) {
    const reason = task.reason ?? task.attempts.at(-1)?.reason;
    if (task.state === "failed" || task.state === "killed") {
      say(io, `  task ${task.name} ${coloured(io, task.state)}${reason ? `: ${reason}` : ""}`);
    }
  }
}

/** `k=v` words; the value may hold further `=`. */
export function paramsOf(words: readonly string[]): { [name: string]: string } {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at <= 0) throw new OperationError("invalid", `--param is "${word}", expected name=value`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
