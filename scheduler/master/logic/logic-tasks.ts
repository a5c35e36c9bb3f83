// Carries the logic tasks of one instance: begins them, and looks again and again at what each waits for until that comes to
// something. Only events change the task; what is known here is forgotten without harm.

import type { Clock, Stop } from "../../model/clock.ts";
import type { Wish } from "../../model/life/task.ts";
import { type Logger, ofAttempt } from "../../model/logger.ts";
import type { LogicContext, LogicNews, LogicTask, LogicType } from "./contract.ts";
import { dependent } from "./dependent.ts";
import { subWorkflow } from "./sub-workflow.ts";

/** Those that wait. `switch` and `conditions` are decided where they become ready. */
const types: { readonly [type: string]: LogicType } = { dependent, sub_workflow: subWorkflow };

export interface LogicTasks {
  /** It is submitted: lets it begin. */
  begin(task: number): void;
  /** Its attempt runs: looks after it until there is news. */
  carry(task: number, attempt: number, wish: Wish): void;
  /** There may be something to see. */
  look(task: number): void;
  forget(task: number): void;
  close(): void;
}

export interface LogicTasksDeps extends LogicContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly post: (task: number, attempt: number, news: LogicNews) => void;
}

/** How soon something is tried again that could not be done. */
const retryMs = 500;

interface Watch {
  readonly look: () => void;
  stop: Stop;
}

export function logicTasks(deps: LogicTasksDeps): LogicTasks {
  const { clock, log, instance } = deps;
  const watches = new Map<number, Watch>();

  const taskOf = (task: number): LogicTask => {
    const definition = instance.definition.tasks[task];
    const type = definition && types[definition.type];
    if (!definition || !type) throw new Error(`task ${task} of instance ${instance.record.id} is no logic task`);
    return type(task, definition, deps);
  };

  const forget = (task: number): void => {
    watches.get(task)?.stop();
    watches.delete(task);
  };

  /** Repeats `work`, one at a time, until it brings an event or somebody else watches the task. */
  const watch = (task: number, everyMs: number, attempt: number, work: () => Promise<LogicNews>): void => {
    forget(task);
    let isBusy = false;
    let isAskedAgain = false;
    const isCurrent = (): boolean => watches.get(task) === self;
    const again = (ms: number): void => {
      self.stop();
      self.stop = clock.after(ms, self.look);
    };
    const run = async (): Promise<void> => {
      if (isBusy) {
        isAskedAgain = true;
        return;
      }
      isBusy = true;
      isAskedAgain = false;
      let waitMs = everyMs;
      try {
        const news = await work();
        if (!isCurrent()) return;
        if (news.event) forget(task);
        if (news.event || news.children) deps.post(task, attempt, news);
      } catch (error) {
        const fields = { ...ofAttempt({ taskInstance: instance.idOf(task), attempt }), error };
        log.warn(fields, "cannot look after a logic task now, trying again");
        waitMs = retryMs;
      } finally {
        isBusy = false;
      }
      if (isCurrent()) again(isAskedAgain ? 0 : waitMs);
    };
    const self: Watch = { look: () => void run(), stop: () => {} };
    watches.set(task, self);
    self.look();
  };

  return {
    begin: (task) => {
      const logic = taskOf(task);
      watch(task, retryMs, (instance.lifeOf(task)?.attempt ?? 0) + 1, () => logic.begin());
    },
    carry: (task, attempt, wish) => {
      const logic = taskOf(task);
      const life = instance.lifeOf(task);
      const sinceMs = life?.state === "running" ? life.sinceMs : 0;
      watch(task, logic.lookEveryMs, attempt, () => logic.look({ attempt, wish, sinceMs }));
    },
    look: (task) => watches.get(task)?.look(),
    forget,
    close: () => {
      for (const task of [...watches.keys()]) forget(task);
    },
  };
}
