// What a line of a process's log must say of what it speaks of.

import assert from "node:assert/strict";

export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Lines about several at once, which count them. */
const aboutMany = /attempts|instances|reports|some /;
/** Fields that would be another word for one of the three. */
const synonyms = ["taskInstance", "workflowInstance", "instanceId", "taskId", "key"];

export function assertNamed(lines: readonly LogLine[]): void {
  for (const line of lines) {
    const text = JSON.stringify(line);
    for (const synonym of synonyms) assert.ok(!(synonym in line), `another word than the others use: ${text}`);
    if (line["attempt"] !== undefined) assert.ok(Number.isInteger(line["attempt"]) && "task" in line, text);
    if (line["task"] !== undefined) assert.equal(line["instance"], String(line["task"]).split(".")[0], text);
    if (line["instance"] !== undefined) assert.match(String(line["instance"]), /^\d+$/, text);
    const isAboutOne = /\b(attempt|instance)\b/.test(line.msg) && !aboutMany.test(line.msg);
    if (isAboutOne) assert.ok("instance" in line, `speaks of an instance and does not name it: ${text}`);
    if (isAboutOne && /\battempt\b/.test(line.msg)) assert.ok("attempt" in line, text);
  }
}
