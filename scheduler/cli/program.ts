// The command line: every command with its arguments, by commander.

import { Command, InvalidArgumentError, Option } from "commander";
import { priorities } from "../model/definition.ts";
import { type Client, openClient, type ServerOptions } from "./client.ts";
import { type BackfillCommandOptions, backfill } from "./commands/backfill.ts";
import { type CheckFormat, check } from "./commands/check.ts";
import { type DeployOptions, deploy } from "./commands/deploy.ts";
import { type FormatOptions, fmt } from "./commands/fmt.ts";
import { type GraphOptions, graph } from "./commands/graph.ts";
import { type ImportOptions, importFile } from "./commands/import.ts";
import { ask, cluster, forceSuccess, instances, logs, type RerunOptions, rerun, show } from "./commands/look.ts";
import { lsp } from "./commands/lsp.ts";
import {
  alerts,
  deleteResource,
  getResource,
  type ResourceOptions,
  resourceWords,
  setResource,
} from "./commands/resources.ts";
import { type RunOptions, run } from "./commands/run.ts";
import { migrateCommand, type ServeOptions, serve } from "./commands/serve.ts";
import { type StandaloneOptions, standalone } from "./commands/standalone.ts";
import type { ExitCode, Io } from "./io.ts";

/** Calls `done` with the exit code of the command that was given. */
export function program(io: Io, version: string, done: (work: Promise<ExitCode>) => Promise<void>): Command {
  const root = new Command("porpoise")
    .description("Workflow orchestration where the work is written.")
    .version(version)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
    .exitOverride();

  root
    .command("check [paths...]")
    .description("every problem the editor shows, offline")
    .addOption(new Option("--format <format>").choices(["text", "json", "sarif"]).default("text"))
    .action((paths: string[], options: { format: CheckFormat }) => done(check(paths, options, io)));
  root
    .command("fmt [paths...]")
    .description("the formatter")
    .option("--check", "change nothing, and end with 1 where something would change")
    .action((paths: string[], options: FormatOptions) => done(fmt(paths, options, io)));
  root
    .command("graph <file>")
    .description("the picture of a workflow file")
    .addOption(new Option("--format <format>").choices(["svg", "mermaid", "json"]).default("svg"))
    .action((file: string, options: GraphOptions) => done(graph(file, options, io)));
  root
    .command("import <file>")
    .description("workflows of DolphinScheduler (JSON export, or pydolphinscheduler's YAML) as .flow files")
    .option("--out <folder>", "where the files go", ".")
    .option("--project <project>", "the project of workflows whose source names none")
    .option("--force", "write over files that are there")
    .option("--json", "print data as JSON")
    .action((file: string, options: ImportOptions) => done(importFile(file, options, io)));
  root
    .command("lsp")
    .description("the language server")
    .option("--stdio", "speak over standard input and output")
    .action(() => done(lsp(io)));
  root
    .command("standalone")
    .description("api, master and worker in one process, on SQLite")
    .option("--port <port>", "where it listens on 127.0.0.1; 0: any free one", wholeNumber, 4300)
    .option("--data <folder>", "where everything is kept", ".porpoise")
    .option("--slots <n>", "attempts at the same time", wholeNumber)
    .option(
      "--exit-when-idle <seconds>",
      "end when nobody has asked anything for so long and nothing runs",
      wholeNumber,
    )
    .action((options: StandaloneOptions) => done(standalone(io, options)));
  for (const kind of ["api", "master", "worker"] as const) {
    root
      .command(kind)
      .description(`one ${kind} of a cluster`)
      .option("--config <file>", "settings (default: porpoise-server.json)")
      .option("--print-config", "print the settings as they are understood, and end")
      .action((options: ServeOptions) => done(serve(kind, io, options)));
  }
  root
    .command("migrate")
    .description("create or upgrade the schema of the database")
    .option("--config <file>", "settings (default: porpoise-server.json)")
    .action((options: { config?: string }) => done(migrateCommand(io, options)));
  addRemote(root, io, done);
  return root;
}

/** The commands that speak to a server. */
function addRemote(root: Command, io: Io, done: (work: Promise<ExitCode>) => Promise<void>): void {
  const remote = (name: string, description: string): Command =>
    root
      .command(name)
      .description(description)
      .option("--server <url>", "the api (default: PORPOISE_SERVER, else what `porpoise standalone` wrote)")
      .option("--token <token>", "who asks (default: PORPOISE_TOKEN, else likewise)");
  const withClient = <O>(
    options: O & ServerOptions,
    work: (client: Client, rest: O) => Promise<ExitCode>,
  ): Promise<void> => {
    const { server, token, ...rest } = options;
    return done(
      (async () => work(openClient(io, { ...(server ? { server } : {}), ...(token ? { token } : {}) }), rest as O))(), // the same, less two
    );
  };
  const json = ["--json", "print data as JSON"] as const;
  const param = () =>
    new Option("--param <name=value>", "a parameter; may be given again").default([]).argParser(collect);

  remote("deploy [paths...]", "create, update or leave unchanged; all of it or nothing")
    .option("--plan", "tell what would change, and change nothing")
    .option("--prune", "remove what the project has beside these")
    .option(...json)
    .action((paths: string[], options: DeployOptions & ServerOptions) =>
      withClient(options, (client, rest) => deploy(client, io, paths, rest)),
    );
  remote("run <project/workflow>", "start an instance")
    .addOption(param())
    .addOption(new Option("--from <task>", "a task to start from; may be given again").default([]).argParser(collect))
    .addOption(new Option("--scope <scope>").choices(["only", "with_upstream", "with_downstream"]))
    .addOption(new Option("--priority <priority>").choices([...priorities]))
    .addOption(new Option("--failure-strategy <what>").choices(["continue", "end"]))
    .option("--worker-group <name>", "for tasks that name none")
    .option("--environment <name>", "for tasks that name none")
    .option("--alert-group <name>", "who hears of this run")
    .option("--note <text>", "why it was started")
    .option("--dry-run", "tasks succeed without running")
    .option("--wait", "wait for the end; exit by its outcome")
    .option("--follow", "print the logs of all tasks as they come")
    .option(...json)
    .action((workflow: string, options: RunOptions & ServerOptions) =>
      withClient(options, (client, rest) => run(client, io, workflow, rest)),
    );
  remote("backfill <project/workflow>", "run for dates of the past")
    .option("--from <date>", "the first date")
    .option("--to <date>", "the last date")
    .option("--dates <a,b>", "dates, instead of --from and --to")
    .option("--parallel <n>", "instances at the same time (default: 1)", wholeNumber)
    .addOption(new Option("--order <order>").choices(["asc", "desc"]))
    .addOption(new Option("--reprocess <which>").choices(["missing", "failed", "all"]))
    .addOption(new Option("--on-failure <what>").choices(["stop", "continue"]))
    .option("--dependents <n>", "also the workflows that wait for it, so many steps far", wholeNumber)
    .addOption(param())
    .option("--plan", "print what would happen, and start nothing")
    .option("--wait", "wait for the end; exit by its outcome")
    .option(...json)
    .action((workflow: string, options: BackfillCommandOptions & ServerOptions) =>
      withClient(options, (client, rest) => backfill(client, io, workflow, rest)),
    );
  remote("instances [project/workflow]", "list, the newest first")
    .option("--state <states>", "only these, with commas")
    .option("--limit <n>", "so many", wholeNumber)
    .option(...json)
    .action((workflow: string | undefined, options: { state?: string; json?: boolean } & ServerOptions) =>
      withClient(options, (client, rest) => instances(client, io, workflow, rest)),
    );
  remote("show <instance>", "one instance with its tasks, and why waiting ones wait")
    .option("--gantt", "its tasks over time instead: · waits, █ works, ▒ worked in vain")
    .option(...json)
    .action((id: string, options: { json?: boolean; gantt?: boolean } & ServerOptions) =>
      withClient(options, (client, rest) => show(client, io, id, rest)),
    );
  remote("logs <task-instance>", "the log of a task instance")
    .option("--attempt <n>", "of this attempt (default: the newest)", wholeNumber)
    .option("-f, --follow", "go on as it grows")
    .action((id: string, options: { attempt?: number; follow?: boolean } & ServerOptions) =>
      withClient(options, (client, rest) => logs(client, io, id, rest)),
    );
  for (const [action, description] of instanceActions) {
    remote(`${action} <instance>`, description)
      .option(...json)
      .action((id: string, options: { json?: boolean } & ServerOptions) =>
        withClient(options, (client, rest) => ask(client, io, id, action, rest)),
      );
  }
  remote("rerun <instance>", "run the whole instance again, or chosen tasks inside it")
    .addOption(new Option("--from <task>", "a task to run; may be given again").default([]).argParser(collect))
    .addOption(new Option("--scope <scope>").choices(["only", "with_upstream", "with_downstream"]))
    .option(...json)
    .action((id: string, options: RerunOptions & ServerOptions) =>
      withClient(options, (client, rest) => rerun(client, io, id, rest)),
    );
  remote("force-success <task-instance>", "let a failed or killed task count as succeeded")
    .option(...json)
    .action((id: string, options: { json?: boolean } & ServerOptions) =>
      withClient(options, (client, rest) => forceSuccess(client, io, id, rest)),
    );
  addResources({ remote, withClient, json, io });
  remote("cluster", "masters and workers with load, state and incarnation")
    .option(...json)
    .action((options: { json?: boolean } & ServerOptions) =>
      withClient(options, (client, rest) => cluster(client, io, rest)),
    );
}

interface RemoteCommands {
  readonly io: Io;
  readonly remote: (name: string, description: string) => Command;
  readonly withClient: <O>(
    options: O & ServerOptions,
    work: (client: Client, rest: O) => Promise<ExitCode>,
  ) => Promise<void>;
  readonly json: readonly [string, string];
}

/** What a server is given by its people, and the alerts that it raised. */
function addResources({ io, remote, withClient, json }: RemoteCommands): void {
  const kinds = resourceWords.join(", ");
  const resource = (usage: string, description: string): Command =>
    remote(usage, `${description}: ${kinds}`)
      .option("--project <project>", "whose param it is")
      .option(...json);
  resource("get <kind> [name]", "look at what the server was given").action(
    (kind: string, name: string | undefined, options: ResourceOptions & ServerOptions) =>
      withClient(options, (client, rest) => getResource(client, io, { kind, ...(name ? { name } : {}) }, rest)),
  );
  resource(
    "set <kind> <name> [field=value...]",
    "create or replace; field=@file reads a file, field=@- standard input",
  ).action((kind: string, name: string, fields: string[], options: ResourceOptions & ServerOptions) =>
    withClient(options, (client, rest) => setResource(client, io, { kind, name, fields }, rest)),
  );
  resource("delete <kind> <name>", "take away (a token by its id)").action(
    (kind: string, name: string, options: ResourceOptions & ServerOptions) =>
      withClient(options, (client, rest) => deleteResource(client, io, { kind, name }, rest)),
  );
  remote("alerts", "what was raised, where it went, with what answer; the newest first")
    .option("--instance <id>", "of this instance alone")
    .option(...json)
    .action((options: { instance?: string; json?: boolean } & ServerOptions) =>
      withClient(options, (client, rest) => alerts(client, io, rest)),
    );
}

const instanceActions = [
  ["stop", "kill what runs and start nothing more"],
  ["pause", "let what runs end and start nothing more"],
  ["resume", "go on after a pause"],
  ["rerun-failed", "run failed tasks again, and what follows them"],
] as const;

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`"${text}" is no whole number.`);
  return Number(text);
}

const collect = (word: string, before: string[]): string[] => [...before, word];
