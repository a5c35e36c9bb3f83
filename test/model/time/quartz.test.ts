// Our fires against Quartz's own answers, where the shared data is at hand.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { nextFires, parseCron } from "../../../scheduler/model/time/cron.ts";
import type { Cron } from "../../../scheduler/model/time/cron-fields.ts";
import { lastChange, nextChange } from "../../../scheduler/model/time/zone.ts";

interface Answer {
  readonly expression: string;
  readonly zone: string;
  readonly after: string;
  readonly fires?: readonly string[];
  readonly error?: string;
}

const root = path.resolve(import.meta.dirname, "../../..");
const { PORPOISE_SHARED: shared } = process.env;
const folder = path.join(shared ?? path.join(root, "../shared"), "data/quartz");
const missing = existsSync(folder) ? false : "no data/quartz in PORPOISE_SHARED or ../shared";

const answers = (name: string): readonly Answer[] =>
  readFileSync(path.join(folder, name), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): Answer => JSON.parse(line));

for (const name of ["plain.jsonl", "random.jsonl"])
  test(`every fire and every refusal of Quartz in ${name} is ours`, { skip: missing }, () => {
    for (const answer of answers(name)) {
      const parsed = parseCron(answer.expression);
      assert.equal(parsed.ok, answer.error === undefined, `${answer.expression}: ${JSON.stringify(parsed)}`);
      if (!parsed.ok || !answer.fires) continue;
      const fires = nextFires(parsed.cron, answer.zone, Date.parse(answer.after), answer.fires.length || 1);
      assert.deepEqual(fires.map(seconds), answer.fires, answer.expression);
    }
  });

test("fires around clock changes differ from Quartz only by the three policies", { skip: missing }, () => {
  for (const answer of answers("dst.jsonl")) {
    const parsed = parseCron(answer.expression);
    assert.ok(parsed.ok && answer.fires);
    const end = Date.parse(answer.fires[answer.fires.length - 1] ?? "");
    const theirs = new Set(answer.fires.map((text) => Date.parse(text)));
    const ours = new Set(firesUntil(parsed.cron, answer.zone, Date.parse(answer.after), end));
    for (const at of ours)
      if (!theirs.has(at)) assert.ok(explained(parsed.cron, answer.zone, at), describe(answer, "only ours", at));
    for (const at of theirs)
      if (!ours.has(at)) assert.ok(isSecondPass(parsed.cron, answer.zone, at), describe(answer, "only Quartz's", at));
  }
});

/** A fire of ours that Quartz lacks: right after a gap, or in a doubled hour. */
function explained(cron: Cron, zone: string, atMs: number): boolean {
  const at = atMs / 1000;
  const last = lastChange(zone, at);
  if (last && last.offsetAfter > last.offsetBefore && last.at === at) return true;
  const next = nextChange(zone, at);
  const isFirstPass =
    next !== undefined &&
    next.offsetAfter < next.offsetBefore &&
    at >= next.at - (next.offsetBefore - next.offsetAfter);
  return isFirstPass || (cron.runsThroughHours && isInFoldSecond(zone, at));
}

/** A fire that only Quartz has: the second pass of a doubled time, of a cron with fixed hours. */
const isSecondPass = (cron: Cron, zone: string, atMs: number): boolean =>
  !cron.runsThroughHours && isInFoldSecond(zone, atMs / 1000);

function isInFoldSecond(zone: string, at: number): boolean {
  const last = lastChange(zone, at);
  return (
    last !== undefined && last.offsetAfter < last.offsetBefore && at < last.at + (last.offsetBefore - last.offsetAfter)
  );
}

function firesUntil(cron: Cron, zone: string, after: number, end: number): readonly number[] {
  return nextFires(cron, zone, after, 200).filter((at) => at <= end);
}

const seconds = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
const describe = (answer: Answer, whose: string, at: number): string =>
  `${answer.expression} in ${answer.zone}: ${whose} ${seconds(at)}`;
