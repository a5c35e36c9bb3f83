// Follows a task instance's log through all its attempts, over lost connections, without a gap or a repeat.

import { setTimeout as pause } from "node:timers/promises";
import { type Client, type LogPosition, RequestError } from "./client.ts";
import { isOver } from "./states.ts";

const firstRetryMs = 200;
const longestRetryMs = 5_000;
/** How often to look whether a task that is not over has got its next attempt. */
const nextAttemptMs = 500;

export interface LogSink {
  /** Called once before the first text of every attempt. */
  attemptStarted(attempt: number): void;
  text(text: string): void;
  /** The connection is away; it is being tried again. */
  interrupted?(error: Error): void;
}

/** Which client to ask may change while following: the scheduler may come back elsewhere. */
export interface LogFollowerDeps {
  readonly client: () => Client | undefined;
  readonly sink: LogSink;
  readonly signal: AbortSignal;
}

/** Returns when the task instance is over and all its text was given to the sink, or `signal` fires. */
export async function followTaskLog(instance: string, taskInstance: string, deps: LogFollowerDeps): Promise<void> {
  let attempt = 1;
  while (!deps.signal.aborted) {
    const known = await latestAttempt(instance, taskInstance, deps);
    if (known === undefined) return;
    if (attempt <= known.attempts) {
      deps.sink.attemptStarted(attempt);
      await followAttempt(taskInstance, attempt, deps);
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
  deps: LogFollowerDeps,
): Promise<{ attempts: number; over: boolean } | undefined> {
  const found = await untilReached(deps, (client) => client.instance(instance, deps.signal));
  const task = found?.tasks?.find((candidate) => candidate.id === taskInstance);
  if (found === undefined || task === undefined) return undefined;
  const attempts = Math.max(0, ...task.attempts.map((one) => one.attempt));
  return { attempts, over: isOver(task.state) || isOver(found.state) };
}

async function followAttempt(taskInstance: string, attempt: number, deps: LogFollowerDeps): Promise<void> {
  let position: LogPosition = { attempt, offset: 0 };
  let ended = false;
  while (!ended && !deps.signal.aborted) {
    await untilReached(deps, async (client) => {
      for await (const { data } of client.followLog(taskInstance, position, deps.signal)) {
        if (data.text !== "") deps.sink.text(data.text);
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
async function untilReached<T>(deps: LogFollowerDeps, ask: (client: Client) => Promise<T>): Promise<T | undefined> {
  let retryMs = firstRetryMs;
  while (!deps.signal.aborted) {
    const client = deps.client();
    try {
      if (client !== undefined) return await ask(client);
    } catch (error) {
      if (deps.signal.aborted) return undefined;
      if (!(error instanceof RequestError) || error.kind !== "unreachable") throw error;
      deps.sink.interrupted?.(error);
    }
    await pause(retryMs, undefined, { signal: deps.signal }).catch(() => undefined);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }
  return undefined;
}
