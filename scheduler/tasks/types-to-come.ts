// Task types that the language reserves: named with their attributes so that a use is told apart from a mistake.

import type { Attribute, TaskType } from "./attribute.ts";

const toCome = (name: string, doc: string, example: string): Attribute => ({
  name,
  type: { kind: "to_come" },
  doc,
  example,
});

const datasource = toCome("datasource", "The server's data source that runs the statement.", "datasource = warehouse");

export const sql: TaskType = {
  name: "sql",
  doc: "Runs SQL statements on a data source.",
  example: "task load: sql {\n  datasource = warehouse\n  ```sql\n  select 1\n  ```\n}",
  script: { need: "required", languages: ["sql"] },
  attributes: [datasource],
  notYet: true,
};

export const procedure: TaskType = {
  name: "procedure",
  doc: "Calls a stored procedure of a data source.",
  example: 'task publish: procedure {\n  datasource = warehouse\n  call = "call publish_kpi(?)"\n}',
  script: { need: "none", languages: [] },
  attributes: [datasource, toCome("call", "The call, with ? for each `in`.", 'call = "call publish_kpi(?)"')],
  notYet: true,
};

export const switchType: TaskType = {
  name: "switch",
  doc: "Takes the first branch whose condition over parameters is true.",
  example: "task route: switch {\n  when row_count == 0 >> notify\n  else >> load\n}",
  script: { need: "none", languages: [] },
  attributes: [],
  notYet: true,
};

export const conditions: TaskType = {
  name: "conditions",
  doc: "Takes the first branch whose condition over the outcome of the tasks before is true.",
  example: "task gate: conditions {\n  when load is succeeded >> publish\n  else >> page\n}",
  script: { need: "none", languages: [] },
  attributes: [],
  notYet: true,
};

export const dependent: TaskType = {
  name: "dependent",
  doc: "Waits for other workflows or their tasks over a window of time.",
  example: "task wait: dependent {\n  wait_for = all(crm/customers_daily @ last_1_days)\n}",
  script: { need: "none", languages: [] },
  attributes: [
    toCome("wait_for", "What is waited for.", "wait_for = all(crm/customers_daily @ last_1_days)"),
    toCome("check_every", "How often to look.", "check_every = 10s"),
    toCome("on_failed", "What to do when it has failed.", "on_failed = wait for 2h"),
  ],
  notYet: true,
};

export const subWorkflow: TaskType = {
  name: "sub_workflow",
  doc: "Runs another workflow and waits for its outcome.",
  example: "task load: sub_workflow {\n  workflow = retail/load_small\n}",
  script: { need: "none", languages: [] },
  attributes: [toCome("workflow", "The workflow that is run.", "workflow = retail/load_small")],
  notYet: true,
};
