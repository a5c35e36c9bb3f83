// Follows an instance: the lines of all its tasks as they come, each with its task's name, until the instance is over.

import { setTimeout as delay } from "node:timers/promises";
import { styleText } from "node:util";
import type { EventShape, InstanceShape, LogChunk } from "../api/contract.ts";
import type { Client } from "./client.ts";
import { type Io, print } from "./io.ts";

const overStates = new Set(["succeeded", "failed", "stopped"]);
const lookForChildrenMs = 300;
const colours = ["cyan", "magenta", "yellow", "green", "blue"] as const;

export interface FollowOptions {
  /** Print the logs meanwhile: each line with its task's name, those of a sub-workflow's tasks behind the name of its task. */
  readonly lines: boolean;
  /** What stands before the names of tasks. */
  readonly under?: string;
}

/** Waits for the end, or for the pause. Returns the instance as it is then. */
export async function followInstance(
  client: Client,
  io: Io,
  id: string,
  { lines, under = "" }: FollowOptions,
): Promise<InstanceShape> {
  const { tasks = [] } = await client.get<InstanceShape>(`/instances/${id}`);
  const width = Math.max(0, ...tasks.map((task) => under.length + task.name.length));
  const followed = new Map<string, Promise<unknown>>();
  const open = (taskInstance: string, attempt: number): void => {
    const key = `${taskInstance}#${attempt}`;
    const index = tasks.findIndex((one) => one.id === taskInstance);
    const task = tasks[index];
    if (!lines || task === undefined || followed.has(key)) return;
    if (task.type === "sub_workflow") {
      followed.set(key, followChildren(client, io, { instance: id, task: taskInstance, under }));
      return;
    }
    const name = `${under}${task.name}${attempt > 1 ? `#${attempt}` : ""}`.padEnd(width);
    const prefix = io.isTerminal ? styleText(colours[index % colours.length] ?? "cyan", `${name} │ `) : `${name} | `;
    followed.set(
      key,
      followLog(client, io, { taskInstance, attempt }, (line) => print(io, `${prefix}${line}`)),
    );
  };

  for await (const { data } of client.events(`/instances/${id}/events`, { signal: io.signal })) {
    const event = data as EventShape; // the contract's
    const hasBegun =
      event.kind === "task" && (event.state === "running" || event.state === "succeeded" || event.state === "failed");
    if (hasBegun && event.taskInstance && event.attempt) open(event.taskInstance, event.attempt);
    if (event.kind === "instance" && (overStates.has(event.state) || event.state === "paused")) break;
  }
  await Promise.all(followed.values());
  return client.get<InstanceShape>(`/instances/${id}`);
}

/** Follows what a `sub_workflow` task starts, one child or many, until the task runs no more. */
async function followChildren(
  client: Client,
  io: Io,
  parent: { readonly instance: string; readonly task: string; readonly under: string },
): Promise<void> {
  const followed = new Map<string, Promise<unknown>>();
  for (let isRunning = true; isRunning && !io.signal.aborted; ) {
    const { tasks = [] } = await client.get<InstanceShape>(`/instances/${parent.instance}`);
    const task = tasks.find((one) => one.id === parent.task);
    for (const child of task?.childInstances ?? (task?.childInstance ? [task.childInstance] : [])) {
      if (task === undefined || followed.has(child)) continue;
      const name = task.childInstances === undefined ? task.name : `${task.name}[${child}]`;
      followed.set(child, followInstance(client, io, child, { lines: true, under: `${parent.under}${name}/` }));
    }
    isRunning = task?.state === "running";
    if (isRunning) await delay(lookForChildrenMs, undefined, { signal: io.signal }).catch(() => {}); // the loop sees it
  }
  await Promise.all(followed.values());
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
