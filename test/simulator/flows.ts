// Random workflows as source text, read by the real compiler: what a person might have deployed.

import { compile } from "../../scheduler/language/compile.ts";
import type { DeployedWorkflow } from "../../scheduler/store/deployments.ts";
import type { World } from "./world.ts";

export interface Flow {
  readonly name: string;
  readonly workflow: DeployedWorkflow;
  readonly isScheduled: boolean;
  readonly isSerial: boolean;
}

const shapes = 40;

/** A choice of workflows, the same for every seed: compiling is not what is tried here. */
export function flowLibrary(): readonly Flow[] {
  const flows: Flow[] = [];
  for (let index = 0; index < shapes; index += 1) flows.push(flow(index));
  return flows;
}

function flow(index: number): Flow {
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
    lines.push(`task t${task}: shell {`);
    const before = [task - 1, task - 2, task - 3].filter((one) => one >= 0 && (index * 7 + task * 3 + one) % 3 !== 0);
    if (before.length > 0) lines.push(`  after = [${before.map((one) => `t${one}`).join(", ")}]`);
    if ((index + task) % 3 === 0) lines.push(`  retries = ${1 + (task % 2)} every ${5 + task}s`);
    if ((index + task) % 7 === 3) lines.push("  timeout = 20s then fail");
    if ((index + task) % 5 === 4) lines.push("  delay = 3s");
    lines.push("  ```bash", "  true", "  ```", "}", "");
  }
  const text = lines.join("\n");
  const [compiled] = compile([{ path: `${name}.flow`, text }]);
  if (compiled?.definition === undefined) throw new Error(`${text}\n${JSON.stringify(compiled?.problems)}`);
  return {
    name,
    workflow: { definition: compiled.definition, path: `${name}.flow`, source: text, files: [] },
    isScheduled,
    isSerial: concurrency !== "parallel",
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
