// What the rest of a file needs to know of one block: names and references, each with its place.

import type { Name } from "./nodes.ts";

/**
 * How a name is used: in a script's `${…}`, a string's `${…}`, the value of an `in` (which does not see the other `in`s), a
 * process's environment, or some way that is not checked.
 */
export type UseMode = "script" | "text" | "input" | "environment" | "other";

export interface Use extends Name {
  readonly mode: UseMode;
}

export interface Summary {
  readonly kind: "workflow" | "task" | "edge" | "nothing";
  readonly name?: Name;
  /** A workflow's. */
  readonly project?: Name;
  /** A task's. */
  readonly type?: Name;
  readonly params: readonly Name[];
  readonly ins: readonly Name[];
  readonly outs: readonly Name[];
  readonly after: readonly Name[];
  /** Tasks that a branch leads to. */
  readonly branches: readonly Name[];
  /** `[a, b] >> c`. */
  readonly groups: readonly (readonly Name[])[];
  readonly uses: readonly Use[];
  readonly files: readonly Name[];
}

/** Equal where the summaries are equal but for places: rules about names then need not run again. */
export function fingerprint(summary: Summary): string {
  const list = (names: readonly Name[]) => names.map((name) => name.text);
  const { kind, name, project, type, params, ins, outs, after, branches, groups, uses } = summary;
  if (kind === "edge") return JSON.stringify(groups.map(list));
  return JSON.stringify([
    kind,
    name?.text ?? null,
    project?.text ?? null,
    type?.text ?? null,
    list(params),
    list(ins),
    list(outs),
    list(after),
    list(branches),
    uses.map((use) => `${use.mode} ${use.text}`),
  ]);
}
