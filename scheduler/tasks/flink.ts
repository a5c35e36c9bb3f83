// The task type `flink`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is a notation of the language that is described here.

import type { TaskType } from "./attribute.ts";

export const flink: TaskType = {
  name: "flink",
  doc: "Runs a jar as a job on a Flink cluster and waits for its end; the job goes on when the worker that watches it is lost, and another one carries on.",
  example:
    'task sessions: flink {\n  datasource = streams\n  jar = "jobs/sessions.jar"\n  main_class = "com.example.Sessions"\n  arguments = ["--day", "${system.biz.date}"]\n}',
  runBy: "worker",
  isAsynchronous: true,
  script: { need: "none", languages: [] },
  attributes: [
    {
      name: "datasource",
      type: { kind: "name", of: "datasource" },
      isRequired: true,
      doc: "The server's data source of the kind `flink`: where the cluster's REST API is.",
      example: "datasource = streams",
    },
    {
      name: "jar",
      type: { kind: "file" },
      isRequired: true,
      doc: "The program, a file beside the workflow that is deployed with it.",
      example: 'jar = "jobs/sessions.jar"',
    },
    {
      name: "main_class",
      type: { kind: "text" },
      doc: "The class whose `main` builds the job; the jar's manifest names it where it is not said.",
      example: 'main_class = "com.example.Sessions"',
    },
    {
      name: "arguments",
      type: { kind: "list", of: { kind: "text" } },
      doc: "The arguments of `main`, each a string.",
      example: 'arguments = ["--day", "${system.biz.date}"]',
    },
    {
      name: "parallelism",
      type: { kind: "integer", min: 1, max: 32_768 },
      doc: "How many parallel instances the job's operators have; the cluster's default where it is not said.",
      example: "parallelism = 4",
    },
    {
      name: "savepoint",
      type: { kind: "text" },
      doc: "The savepoint, or retained checkpoint, from which the job starts.",
      example: 'savepoint = "s3://flink/savepoints/sessions-${day}"',
    },
    {
      name: "allow_non_restored_state",
      type: { kind: "boolean" },
      default: "false",
      doc: "Whether state of the savepoint that no operator takes may be left out.",
      example: "allow_non_restored_state = true",
    },
  ],
};
