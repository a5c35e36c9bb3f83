// Random workflows as source text, read by the real compiler: what a person might have deployed.

import { compile } from "../../scheduler/language/compile.ts";
import type { DeployedWorkflow } from "../../scheduler/store/deployments.ts";
import type { World } from "./world.ts";

export interface Flow {
  readonly name: string;
  readonly workflow: DeployedWorkflow;
  readonly isSerial: boolean;
}

const shapes = 40;

/** A choice of workflows, the same for every seed: compiling is not what is tried here. */
export function flowLibrary(): readonly Flow[] {
  const flows: Flow[] = [];
  for (let index = 0; index < shapes; index += 1) flows.push(read(`w${index}`, textOf(index)));
  return flows;
}

/** Deployed with every seed: what sub-workflows run. */
export const leaf = (): Flow => read("leaf", `workflow sim/leaf {\n}\n\n${shell("a")}${shell("b", ["  after = a"])}`);

/** The task groups there are, and how many of their tasks may run. */
export const pools: { readonly [name: string]: number } = { tight: 1, wide: 3 };

const shell = (name: string, lines: readonly string[] = []): string =>
  [`task ${name}: shell {`, ...lines, "  ```bash", "  true", "  ```", "}", "", ""].join("\n");

function textOf(index: number): string {
  const name = `w${index}`;
  const tasks = 1 + (index % 7);
  const isScheduled = index % 4 === 1;
  const concurrency = ["parallel", "parallel", "parallel", "serial_wait", "serial_discard", "serial_priority"][
    index % 6
  ];
  const lines = [`workflow sim/${name} {`];
  if (isScheduled)
    lines.push(
      `  schedule = cron("0 0/${5 + (index % 3) * 5} * * * ?")`,
      `  catchup = ${["all", "last", "none"][index % 3]}`,
    );
  if (concurrency !== undefined && concurrency !== "parallel") lines.push(`  concurrency = ${concurrency}`);
  if (index % 5 === 2) lines.push("  on_failure = end");
  lines.push("}", "");
  for (let task = 0; task < tasks; task += 1) {
    const before = [task - 1, task - 2, task - 3].filter((one) => one >= 0 && (index * 7 + task * 3 + one) % 3 !== 0);
    const after = before.length > 0 ? [`  after = [${before.map((one) => `t${one}`).join(", ")}]`] : [];
    const attributes = [...after];
    if ((index + task) % 3 === 0) attributes.push(`  retries = ${1 + (task % 2)} every ${5 + task}s`);
    if ((index + task) % 7 === 3) attributes.push("  timeout = 20s then fail");
    if ((index + task) % 5 === 4) attributes.push("  delay = 3s");
    const pool = (index * 3 + task) % 6;
    if ((index + 2 * task) % 9 === 5)
      lines.push(`task t${task}: sub_workflow {`, ...attributes, "  workflow = sim/leaf", "}", "");
    else {
      if (pool === 1) attributes.push("  task_group = tight");
      if (pool === 4) attributes.push(`  task_group = wide priority ${task}`);
      lines.push(shell(`t${task}`, attributes));
    }
  }
  if (index % 8 === 6) {
    lines.push("task gate: conditions {", "  after = t0", "  when t0 is succeeded >> good", "  else >> bad", "}", "");
    lines.push(shell("good"), shell("bad"));
  }
  return lines.join("\n");
}

function read(name: string, text: string): Flow {
  const [compiled] = compile([{ path: `${name}.flow`, text }]);
  if (compiled?.definition === undefined) throw new Error(`${text}\n${JSON.stringify(compiled?.problems)}`);
  return {
    name,
    workflow: { definition: compiled.definition, path: `${name}.flow`, source: text, files: [] },
    isSerial: compiled.definition.concurrency !== "parallel",
  };
}

/** Some of them. */
export function chosenFlows(world: World, library: readonly Flow[]): readonly Flow[] {
  const chosen = new Map<string, Flow>();
  for (let count = 0; count < 5; count += 1) {
    const one = library[world.pick(library.length)];
    if (one !== undefined) chosen.set(one.name, one);
  }
  return [...chosen.values()];
}
