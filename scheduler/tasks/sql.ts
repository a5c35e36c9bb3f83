// The task type `sql`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is a notation of the language that is described here.

import type { Attribute, TaskType } from "./attribute.ts";

export const datasource: Attribute = {
  name: "datasource",
  type: { kind: "name", of: "datasource" },
  isRequired: true,
  doc: "The server's data source that runs the statement.",
  example: "datasource = warehouse",
};

export const sql: TaskType = {
  name: "sql",
  doc: "Runs SQL statements on a data source, one after the other; the first row of the last one that gives rows sets the task's `out`s by column name.",
  example: "task load: sql {\n  datasource = warehouse\n  ```sql\n  insert into dw.days select current_date\n  ```\n}",
  runBy: "worker",
  script: { need: "required", languages: ["sql"] },
  attributes: [
    datasource,
    {
      name: "pre_statements",
      type: { kind: "list", of: { kind: "text" } },
      doc: "Statements that run before the script, each a string, in the same connection.",
      example: "pre_statements = [\"set time_zone = '+00:00'\"]",
    },
    {
      name: "post_statements",
      type: { kind: "list", of: { kind: "text" } },
      doc: "Statements that run after the script, each a string, in the same connection.",
      example: 'post_statements = ["analyze table dw.days"]',
    },
  ],
};
