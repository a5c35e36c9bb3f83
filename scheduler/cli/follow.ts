// Follows an instance: the lines of all its tasks as they come, each with its task's name, until the instance is over.

import { styleText } from "node:util";
import type { EventShape, InstanceShape, LogChunk } from "../api/contract.ts";
import type { Client } from "./client.ts";
import { type Io, print } from "./io.ts";

const overStates = new Set(["succeeded", "failed", "stopped"]);
const colours = ["cyan", "magenta", "yellow", "green", "blue"] as const;

/** Waits for the end; with `lines` the logs are printed meanwhile. Returns the instance as it ended. */
export async function followInstance(
  client: Client,
  io: Io,
  id: string,
  options: { readonly lines: boolean },
): Promise<InstanceShape> {
  const first = await client.get<InstanceShape>(`/instances/${id}`);
  const width = Math.max(0, ...(first.tasks ?? []).map((task) => task.name.length));
  const logs = new Map<string, Promise<void>>();
  const openLog = (taskInstance: string, task: string, attempt: number): void => {
    const key = `${taskInstance}#${attempt}`;
    if (!options.lines || logs.has(key)) return;
    const style = colours[(first.tasks ?? []).findIndex((one) => one.name === task) % colours.length] ?? "cyan";
    const name = attempt > 1 ? `${task}#${attempt}` : task;
    const prefix = io.isTerminal ? styleText(style, `${name.padEnd(width)} │ `) : `${name.padEnd(width)} | `;
    logs.set(
      key,
      followLog(client, io, { taskInstance, attempt }, (line) => print(io, `${prefix}${line}`)),
    );
  };

  for await (const { data } of client.events(`/instances/${id}/events`, { signal: io.signal })) {
    const event = data as EventShape; // the contract's
    const hasLog =
      event.kind === "task" && (event.state === "running" || event.state === "succeeded" || event.state === "failed");
    if (hasLog && event.taskInstance && event.task && event.attempt)
      openLog(event.taskInstance, event.task, event.attempt);
    if (event.kind === "instance" && (overStates.has(event.state) || event.state === "paused")) break;
  }
  await Promise.all(logs.values());
  return client.get<InstanceShape>(`/instances/${id}`);
}

/** Calls `line` for every line of an attempt's log, until the log has ended. */
export async function followLog(
  client: Client,
  io: Io,
  log: { readonly taskInstance: string; readonly attempt: number | undefined },
  line: (text: string) => void,
): Promise<void> {
  const attempt = log.attempt === undefined ? "" : `&attempt=${log.attempt}`;
  let rest = "";
  for await (const { data } of client.events(`/task-instances/${log.taskInstance}/logs?follow=true${attempt}`, {
    signal: io.signal,
  })) {
    const chunk = data as LogChunk; // the contract's
    const lines = (rest + chunk.text).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) line(text);
    if (chunk.ended) break;
  }
  if (rest !== "") line(rest);
}
