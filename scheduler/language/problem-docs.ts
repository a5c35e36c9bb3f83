// What each problem code means, in a sentence or two: the reference page and the editor's links use it.

import type { ProblemCode, Severity } from "../model/problem.ts";

export interface ProblemDoc {
  /** The severity it usually has. */
  readonly severity: Severity;
  readonly doc: string;
  /** Usually an error, in some places a warning or a hint. */
  readonly alsoLess?: true;
}

export const problemDocs: { readonly [code in ProblemCode]: ProblemDoc } = {
  "syntax/unexpected": {
    severity: "error",
    doc: "Something stands where something else is expected. The error ends at its line; the rest is still read.",
  },
  "syntax/unclosed": { severity: "error", doc: "A string, bracket, body or script is opened and not closed." },
  "syntax/not-text": { severity: "error", doc: "The file is not UTF-8 text." },
  "syntax/too-large": { severity: "error", doc: "The file is larger than 16 MB." },
  "name/duplicate": { severity: "error", doc: "Two tasks, attributes, params or workflows have the same name." },
  "name/unknown-task": {
    severity: "error",
    alsoLess: true,
    doc: "`after`, an edge or a branch names a task that the file does not have, or `is succeeded` one that does not come directly before.",
  },
  "name/unknown-param": {
    severity: "error",
    doc: "A condition or `for_each` names a parameter that is not in scope.",
  },
  "name/unknown-workflow": {
    severity: "warning",
    doc: "A task runs or waits for a workflow that neither the workspace nor the connected server has. Not reported without a server.",
  },
  "name/unknown-resource": {
    severity: "warning",
    doc: "The connected server has no worker group, environment, task group, data source or alert group of this name.",
  },
  "name/unused-param": {
    severity: "hint",
    doc: "Nothing in the file uses the param. Not reported where tasks bring files, which could use it.",
  },
  "graph/cycle": { severity: "error", doc: "Tasks wait for each other in a circle; the message has the whole path." },
  "graph/self-edge": { severity: "error", doc: "A task is said to come after itself." },
  "graph/unreachable": {
    severity: "warning",
    doc: "A branch that is never taken: an earlier one has the same condition or is always true, or its own is always false.",
  },
  "graph/duplicate-edge": {
    severity: "hint",
    doc: "An edge is said twice, by `after` and by an edge or in two lines.",
  },
  "graph/branch-edge": {
    severity: "error",
    doc: "A `switch` or `conditions` task has a successor outside its branches.",
  },
  "graph/sub-workflow-cycle": {
    severity: "error",
    doc: "Workflows run each other in a circle; the message has the whole path.",
  },
  "attribute/unknown": { severity: "error", doc: "There is no attribute or setting of this name." },
  "attribute/missing": { severity: "error", doc: "A task lacks an attribute that its type needs." },
  "attribute/not-here": { severity: "error", doc: "The attribute, statement or script belongs somewhere else." },
  "value/type": { severity: "error", doc: "The value is of another kind than the attribute's." },
  "value/range": { severity: "error", doc: "The value is too small, too large, or leads out of where it may lead." },
  "value/choice": { severity: "error", doc: "The word is none of those that may stand here." },
  "time/cron": {
    severity: "error",
    doc: "A field of the cron is wrong; the message names the field, the range shows it.",
  },
  "time/zone": { severity: "error", doc: "There is no time zone of this name." },
  "time/placeholder": { severity: "error", doc: "A `$[…]` begins like a time placeholder and is malformed." },
  "time/window": {
    severity: "error",
    doc: "`active` ends before it begins, or `wait_for` names a window that there is not.",
  },
  "time/never-fires": {
    severity: "warning",
    doc: "The schedule has no date on which it fires, or none in its window.",
  },
  "param/cycle": { severity: "error", doc: "Params refer to each other in a circle." },
  "param/not-produced": {
    severity: "warning",
    doc: "A name is used that only a task sets that does not come before. In a string this is an error.",
  },
  "script/missing": { severity: "error", doc: "The task's type needs a script." },
  "script/unknown-placeholder": {
    severity: "error",
    alsoLess: true,
    doc: "A string uses a name that is not in scope. In a script a near miss of a name in scope is a hint.",
  },
  "expr/type": {
    severity: "error",
    doc: "The sides of a condition do not fit each other, or it is neither true nor false.",
  },
  "file/not-found": { severity: "error", doc: "A task names a file that is not there." },
};
