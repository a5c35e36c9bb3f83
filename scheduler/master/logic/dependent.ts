// `dependent`: looks from time to time at how other workflows or tasks ended whose schedule time lies in a window.

import type { WaitTree } from "../../model/definition.ts";
import { windowSpan } from "../../model/time/windows.ts";
import { latestEnd } from "../../store/dependencies.ts";
import type { LogicContext, LogicType } from "./contract.ts";

type Standing = "succeeded" | "failed" | "waiting";

export const dependent: LogicType = (_, definition, context) => {
  const { dependency } = definition;
  if (!dependency) throw new Error(`task ${definition.name} says nothing of what it waits for`);
  const { waitFor, checkEveryMs, failedWaitMs } = dependency;
  return {
    lookEveryMs: checkEveryMs,
    begin: async () => ({ event: { kind: "began", atMs: context.database.nowMs() } }),
    look: async ({ attempt, wish, sinceMs }) => {
      const atMs = context.database.nowMs();
      if (wish === "pause") return { event: { kind: "held", attempt } };
      if (wish === "stop") return { event: { kind: "ended", attempt, atMs, outcome: "killed", reason: "stopped" } };
      const failures: string[] = [];
      const standing = await judge(waitFor, { context, failures, sinceMs, failedWaitMs, nowMs: atMs });
      if (standing === "waiting") return {};
      if (standing === "succeeded") return { event: { kind: "ended", attempt, atMs, outcome: "succeeded" } };
      const reason = `${failures.join(", ")} failed`;
      return { event: { kind: "ended", attempt, atMs, outcome: "failed", reason } };
    },
  };
};

interface Judging {
  readonly context: LogicContext;
  /** Takes the names of what has failed. */
  readonly failures: string[];
  /** Since when it waits. */
  readonly sinceMs: number;
  readonly failedWaitMs: number;
  readonly nowMs: number;
}

async function judge(tree: WaitTree, judging: Judging): Promise<Standing> {
  if (tree.kind === "one") return judgeOne(tree, judging);
  const standings: Standing[] = [];
  for (const one of tree.of) standings.push(await judge(one, judging));
  const decisive = tree.kind === "all" ? "failed" : "succeeded";
  if (standings.includes(decisive)) return decisive;
  return standings.includes("waiting") ? "waiting" : tree.kind === "all" ? "succeeded" : "failed";
}

async function judgeOne(one: Extract<WaitTree, { readonly kind: "one" }>, judging: Judging): Promise<Standing> {
  const { database, instance } = judging.context;
  const span = windowSpan(one.window, instance.baseTimeMs, instance.definition.zone);
  if (!span) throw new Error(`there is no window "${one.window}"`);
  const found = await latestEnd(database, { ...one, ...span });
  if (!found) return "waiting";
  if (found.hasSucceeded) return "succeeded";
  // A failed one may still be run again successfully, for so long.
  const givenUpAtMs = Math.max(found.endedAtMs, judging.sinceMs) + judging.failedWaitMs;
  if (judging.failedWaitMs > 0 && judging.nowMs < givenUpAtMs) return "waiting";
  judging.failures.push(nameOf(one));
  return "failed";
}

const nameOf = ({ project, workflow, task, window }: Extract<WaitTree, { readonly kind: "one" }>): string =>
  `${project}/${workflow}${task === undefined ? "" : `.${task}`} @ ${window}`;
