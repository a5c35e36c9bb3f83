// Follows all tasks of an instance at once: whole lines, each behind its task's name.

import type { AttemptShape, InstanceShape, TaskInstanceShape } from "../scheduler/api/contract.ts";
import { watchInstance } from "./instance-watch.ts";
import { type FollowDeps, followAttempt } from "./log-follower.ts";

export interface InstanceFollowerDeps extends FollowDeps {
  readonly line: (text: string) => void;
  /** Said between the tasks' own lines, before the second and every further attempt of a task. */
  readonly attemptStarted: (task: string, attempt: number) => void;
}

/** Returns when the instance is over and every line is out, or the signal fires. */
export async function followInstance(id: string, deps: InstanceFollowerDeps): Promise<void> {
  const seen = new Set<string>();
  const following: Promise<void>[] = [];
  // What has ended is read one after the other, in the order it began; what runs is followed beside it.
  let past: Promise<void> = Promise.resolve();
  for await (const instance of watchInstance(deps.client, id, deps.signal)) {
    for (const { task, attempt } of attemptsOf(instance)) {
      const name = `${task.id} ${attempt.attempt}`;
      if (seen.has(name)) continue;
      seen.add(name);
      if (attempt.endedAt === null) following.push(followTask(task, attempt, deps));
      else past = past.then(() => followTask(task, attempt, deps));
      // A failure is waited for at the end; until then it has been heard.
      past.catch(() => undefined);
      following.at(-1)?.catch(() => undefined);
    }
  }
  await Promise.all([past, ...following]);
}

interface TaskAttempt {
  readonly task: TaskInstanceShape;
  readonly attempt: AttemptShape;
}

function attemptsOf({ tasks = [] }: InstanceShape): readonly TaskAttempt[] {
  const all = tasks.flatMap((task) => task.attempts.map((attempt) => ({ task, attempt })));
  const begin = ({ attempt }: TaskAttempt) => attempt.startedAt ?? "~";
  return all.sort((a, b) => (begin(a) < begin(b) ? -1 : 1));
}

async function followTask(
  task: TaskInstanceShape,
  { attempt }: AttemptShape,
  deps: InstanceFollowerDeps,
): Promise<void> {
  if (attempt > 1) deps.attemptStarted(task.name, attempt);
  const lines = wholeLines((line) => deps.line(`[${task.name}] ${line}`));
  await followAttempt(task.id, attempt, lines.add, deps);
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
