// Follows a task instance's log through all its attempts, over lost connections, without a gap or a repeat.

import { setTimeout as pause } from "node:timers/promises";
import { type Client, type LogPosition, RequestError } from "./client.ts";
import { isOver } from "./states.ts";

const firstRetryMs = 200;
const longestRetryMs = 5_000;
/** How often to look whether a task that is not over has got its next attempt. */
const nextAttemptMs = 500;

export interface FollowDeps {
  /** Asked anew for every try: the scheduler may come back elsewhere. */
  readonly client: () => Client | undefined;
  readonly signal: AbortSignal;
}

export interface LogSink {
  /** Called once before the first text of every attempt. */
  attemptStarted(attempt: number): void;
  text(text: string): void;
}

/** Returns when the task instance is over and all its text was given to the sink, or the signal fires. */
export async function followTaskLog(
  instance: string,
  taskInstance: string,
  sink: LogSink,
  deps: FollowDeps,
): Promise<void> {
  let attempt = 1;
  while (!deps.signal.aborted) {
    const known = await latestAttempt(instance, taskInstance, deps);
    if (known === undefined) return;
    if (attempt <= known.attempts) {
      sink.attemptStarted(attempt);
      await followAttempt(taskInstance, attempt, sink.text, deps);
      attempt += 1;
    } else if (known.over) {
      return;
    } else {
      await pause(nextAttemptMs, undefined, { signal: deps.signal }).catch(() => undefined);
    }
  }
}

async function latestAttempt(
  instance: string,
  taskInstance: string,
  deps: FollowDeps,
): Promise<{ attempts: number; over: boolean } | undefined> {
  const found = await untilReached(deps, (client) => client.instance(instance, deps.signal));
  const task = found?.tasks?.find((candidate) => candidate.id === taskInstance);
  if (found === undefined || task === undefined) return undefined;
  const attempts = Math.max(0, ...task.attempts.map((one) => one.attempt));
  return { attempts, over: isOver(task.state) || isOver(found.state) };
}

/** Gives out one attempt's text, from its first byte to its last. */
export async function followAttempt(
  taskInstance: string,
  attempt: number,
  give: (text: string) => void,
  deps: FollowDeps,
): Promise<void> {
  let position: LogPosition = { attempt, offset: 0 };
  let ended = false;
  while (!ended && !deps.signal.aborted) {
    await untilReached(deps, async (client) => {
      for await (const { data } of client.followLog(taskInstance, position, deps.signal)) {
        if (data.text !== "") give(data.text);
        position = { attempt, offset: data.nextOffset };
        ended = data.ended;
        if (ended) return;
      }
    });
    // A stream that ends without saying so was cut between two events: go on where it stopped, but not in a hot loop.
    if (!ended) await pause(firstRetryMs, undefined, { signal: deps.signal }).catch(() => undefined);
  }
}

/** Tries again with growing pauses as long as the scheduler cannot be reached; undefined when the signal fired. */
async function untilReached<T>(deps: FollowDeps, ask: (client: Client) => Promise<T>): Promise<T | undefined> {
  let retryMs = firstRetryMs;
  while (!deps.signal.aborted) {
    const client = deps.client();
    try {
      if (client !== undefined) return await ask(client);
    } catch (error) {
      if (deps.signal.aborted) return undefined;
      if (!(error instanceof RequestError) || error.kind !== "unreachable") throw error;
    }
    await pause(retryMs, undefined, { signal: deps.signal }).catch(() => undefined);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }
  return undefined;
}
