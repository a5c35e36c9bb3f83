// An instance over time, as text: a line a task, waits told apart from work.

import { styleText } from "node:util";
import type { InstanceShape, TaskInstanceShape } from "../api/contract.ts";
import { duration } from "./render.ts";

export interface GanttOptions {
  /** Characters of a whole line. */
  readonly width: number;
  readonly nowMs: number;
  readonly isColoured: boolean;
}

/** `·` waits for a worker, a delay or a retry · `█` works · `▒` an attempt that came to nothing. Undefined: nothing has started. */
export function gantt(instance: InstanceShape, options: GanttOptions): string | undefined {
  const tasks = (instance.tasks ?? []).filter((task) => task.submittedAt != null || task.startedAt !== null);
  const spans = tasks.map((task) => spansOf(task, options.nowMs));
  const all = spans.flat();
  if (all.length === 0) return undefined;
  const fromMs = Math.min(...all.map((span) => span.fromMs));
  const toMs = Math.max(...all.map((span) => span.toMs), fromMs + 1);
  const nameWidth = Math.min(30, Math.max(...tasks.map((task) => task.name.length)));
  const barWidth = Math.max(20, options.width - nameWidth - 12);
  const lines = tasks.map((task, index) => {
    const name = task.name.length > nameWidth ? `${task.name.slice(0, nameWidth - 1)}…` : task.name;
    const bar = draw(spans[index] ?? [], { fromMs, toMs, width: barWidth });
    return `${name.padEnd(nameWidth)}  ${paint(bar, task.state, options)}  ${duration(task.startedAt, task.endedAt)}`;
  });
  const scale = axis(toMs - fromMs, barWidth);
  return [...lines, `${" ".repeat(nameWidth)}  ${scale}`].map((line) => line.trimEnd()).join("\n");
}

interface Span {
  readonly kind: "wait" | "work" | "vain";
  readonly fromMs: number;
  readonly toMs: number;
}

function spansOf(task: TaskInstanceShape, nowMs: number): readonly Span[] {
  const spans: Span[] = [];
  let atMs = ms(task.submittedAt ?? task.startedAt) ?? nowMs;
  for (const attempt of task.attempts) {
    const fromMs = ms(attempt.startedAt) ?? ms(attempt.endedAt) ?? nowMs;
    const toMs = ms(attempt.endedAt) ?? nowMs;
    if (fromMs > atMs) spans.push({ kind: "wait", fromMs: atMs, toMs: fromMs });
    const isVain = attempt.state === "failed" || attempt.state === "lost" || attempt.state === "killed";
    spans.push({ kind: isVain ? "vain" : "work", fromMs, toMs });
    atMs = Math.max(atMs, toMs);
  }
  const endMs = ms(task.endedAt) ?? nowMs;
  if (endMs > atMs) spans.push({ kind: task.attempts.length === 0 ? "work" : "wait", fromMs: atMs, toMs: endMs });
  return spans;
}

const ms = (text: string | null | undefined): number | undefined => (text == null ? undefined : Date.parse(text));

const marks = { wait: "·", work: "█", vain: "▒" } as const;

function draw(spans: readonly Span[], scale: { fromMs: number; toMs: number; width: number }): string {
  const cells = new Array<string>(scale.width).fill(" ");
  const cellOf = (atMs: number): number => ((atMs - scale.fromMs) / (scale.toMs - scale.fromMs)) * scale.width;
  for (const { kind, fromMs, toMs } of spans) {
    // Whatever has been is seen, however short it was.
    const first = Math.min(scale.width - 1, Math.floor(cellOf(fromMs)));
    const last = Math.max(first, Math.ceil(cellOf(toMs)) - 1);
    cells.fill(marks[kind], first, Math.min(scale.width, last + 1));
  }
  return cells.join("");
}

function paint(bar: string, state: string, { isColoured }: GanttOptions): string {
  if (!isColoured) return bar;
  const colour = state === "failed" || state === "killed" ? "red" : state === "running" ? "cyan" : "green";
  return bar
    .replaceAll(/·+/g, (part) => styleText("dim", part))
    .replaceAll(/[█▒]+/g, (part) => styleText(colour, part));
}

/** `0s` on the left, the whole on the right. */
function axis(totalMs: number, width: number): string {
  const total = duration(new Date(0).toISOString(), new Date(totalMs).toISOString());
  return `0s${" ".repeat(Math.max(1, width - 2 - total.length))}${total}`;
}
