// Follows all tasks of an instance at once: whole lines, each behind its task's name.

import type { Client } from "./client.ts";
import { watchInstance } from "./instance-watch.ts";
import { followTaskLog, type LogSink } from "./log-follower.ts";

export interface InstanceFollowerDeps {
  readonly client: () => Client | undefined;
  readonly line: (text: string) => void;
  /** Said between the tasks' own lines. */
  readonly remark: (text: string) => void;
  readonly words: { attempt(task: string, attempt: number): string };
  readonly signal: AbortSignal;
}

/** Returns when the instance is over and every line is out, or the signal fires. */
export async function followInstance(id: string, deps: InstanceFollowerDeps): Promise<void> {
  const following = new Map<string, Promise<void>>();
  for await (const instance of watchInstance(deps.client, id, deps.signal)) {
    for (const task of instance.tasks ?? []) {
      if (task.attempts.length === 0 || following.has(task.id)) continue;
      following.set(task.id, followTask(id, task, deps));
    }
  }
  await Promise.all(following.values());
}

async function followTask(
  instance: string,
  task: { readonly id: string; readonly name: string },
  deps: InstanceFollowerDeps,
): Promise<void> {
  const lines = wholeLines((line) => deps.line(`[${task.name}] ${line}`));
  const sink: LogSink = {
    attemptStarted: (attempt) => {
      lines.flush();
      if (attempt > 1) deps.remark(deps.words.attempt(task.name, attempt));
    },
    text: lines.add,
  };
  await followTaskLog(instance, task.id, { client: deps.client, sink, signal: deps.signal });
  lines.flush();
}

/** Cuts text into lines; the rest of an unfinished one waits for its end, or for `flush`. */
export function wholeLines(emit: (line: string) => void): { add(text: string): void; flush(): void } {
  let rest = "";
  return {
    add: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) emit(line.endsWith("\r") ? line.slice(0, -1) : line);
    },
    flush: () => {
      if (rest !== "") emit(rest);
      rest = "";
    },
  };
}
