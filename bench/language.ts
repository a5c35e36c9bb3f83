// How fast the language server answers, over the real protocol: keystroke → diagnostics at 100, 1,000 and 10,000 tasks and on graphs
// of real workflows, beside a full parse of the equal YAML in the same run, and what its memory does over 10,000 edits.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { parseDocument } from "yaml";
import { startTestServer } from "../test/server/client.ts";

export interface LanguageNumbers {
  readonly tasks: number;
  readonly lines: number;
  readonly megabytes: number;
  readonly openMs: number;
  /** Median and 95th percentile, in milliseconds. */
  readonly attribute: Quantiles;
  readonly script: Quantiles;
  readonly edge: Quantiles;
  readonly completion: Quantiles;
  readonly serverMb: number;
  /** A full parse of the same tasks as YAML. */
  readonly yamlMs: number;
}

export interface Quantiles {
  readonly median: number;
  readonly p95: number;
}

/** A workflow of so many tasks: a tree with some edges across, scripts, params, outputs. */
export function bigWorkflow(tasks: number): string {
  const parts = ['workflow bench/big {\n  schedule = cron("0 0 2 * * ?")\n  param day: date = "$[yyyy-MM-dd]"\n}\n\n'];
  for (let at = 0; at < tasks; at += 1)
    parts.push(
      `/// Task number ${at}.\ntask t${at}: shell {\n  description = "number ${at} of many"\n  retries = 3 every 1m\n`,
      `  timeout = 45m then warn_and_fail\n  out rows${at % 50}: integer\n  \`\`\`bash\n  echo "\${day} ${at}"\n`,
      '  for file in *; do echo "$file"; done\n  ```\n}\n\n',
    );
  for (let at = 1; at < tasks; at += 1) parts.push(`t${(at - 1) >> 1} >> t${at}\n`);
  for (let at = 0; at < tasks * 0.3; at += 1) parts.push(`t${at} >> t${at + (tasks >> 1)}\n`);
  return parts.join("");
}

/** The same tasks as the YAML of other schedulers would hold them. */
export function bigYaml(tasks: number): string {
  const parts = ['workflow:\n  name: big\n  schedule: "0 0 2 * * ?"\n  param:\n    day: "$[yyyy-MM-dd]"\ntasks:\n'];
  for (let at = 0; at < tasks; at += 1) {
    const deps = [
      ...(at > 0 ? [(at - 1) >> 1] : []),
      ...(at >= tasks >> 1 && at < (tasks >> 1) + tasks * 0.3 ? [at - (tasks >> 1)] : []),
    ];
    parts.push(
      `  # Task number ${at}.\n  - name: t${at}\n    task_type: Shell\n    description: "number ${at} of many"\n    fail_retry_times: 3\n`,
      `    timeout: 45\n    deps: [${deps.map((one) => `t${one}`).join(", ")}]\n    command: |\n      echo "\${day} ${at}"\n`,
      '      for file in *; do echo "$file"; done\n\n',
    );
  }
  return parts.join("");
}

interface RealTask {
  readonly id: string;
  readonly name: string;
  readonly parents: readonly string[];
  readonly runtimeInSeconds: number;
}

/** A graph of the WfCommons collection as a workflow: a task for each of its tasks, its run time as what the script sleeps. */
export function realWorkflow(name: string, tasks: readonly RealTask[]): string {
  const quoted = (text: string) => JSON.stringify(text.replaceAll(/[/\\]/g, "_"));
  const parts = [`workflow bench/${quoted(name)} {\n  param day: date = "$[yyyy-MM-dd]"\n}\n\n`];
  for (const { id, name: program, parents, runtimeInSeconds } of tasks) {
    const after = parents.length === 0 ? "" : `  after = [${parents.map(quoted).join(", ")}]\n`;
    parts.push(
      `task ${quoted(id)}: shell {\n${after}  retries = 1 every 1m\n  \`\`\`bash\n  echo "${program} \${day}"\n  sleep ${runtimeInSeconds}\n  \`\`\`\n}\n\n`,
    );
  }
  return parts.join("");
}

/** `program` is the server to measure. */
export async function measureLanguage(
  program: string,
  tasks: number,
  edits: number,
  text = bigWorkflow(tasks),
  yaml = bigYaml(tasks),
): Promise<LanguageNumbers> {
  const server = await startTestServer(undefined, { program });
  const uri = "file:///bench/big.flow";
  try {
    const lines = text.split("\n");
    const openMs = await timed(() => server.open(uri, text));
    /** Types a letter at the end of lines of this kind and takes it away again. */
    const typing = async (isWanted: (line: string) => boolean, letter: string): Promise<Quantiles> => {
      const wanted = lines.flatMap((line, index) => (isWanted(line) ? [index] : []));
      const times: number[] = [];
      for (let count = 0; count < edits / 2; count += 1) {
        const line = wanted[Math.floor((count / (edits / 2)) * wanted.length)] ?? 0;
        const start = { line, character: lines[line]?.length ?? 0 };
        const end = { line, character: start.character + letter.length };
        times.push(await timed(() => server.change(uri, [{ range: { start, end: start }, text: letter }])));
        times.push(await timed(() => server.change(uri, [{ range: { start, end }, text: "" }])));
      }
      return quantiles(times);
    };
    const attribute = await typing((line) => line.startsWith("  retries"), "x");
    const script = await typing((line) => line.startsWith("  echo"), "x");
    const edge = await typing((line) => line.includes(" >> ") || line.startsWith("  after"), "0");
    const completions: number[] = [];
    const last = lines.length - 2;
    for (let count = 0; count < edits / 2; count += 1) {
      const position = { line: last - count, character: lines[last - count]?.length ?? 0 };
      const params = { textDocument: { uri }, position };
      completions.push(await timed(() => server.connection.sendRequest("textDocument/completion", params)));
    }
    const status = readFileSync(`/proc/${server.process.pid}/status`, "utf8");
    const started = performance.now();
    parseDocument(yaml);
    const yamlMs = performance.now() - started;
    const serverMb = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    const megabytes = Number((text.length / 1_000_000).toFixed(1));
    return {
      tasks,
      lines: lines.length,
      megabytes,
      openMs,
      attribute,
      script,
      edge,
      completion: quantiles(completions),
      serverMb,
      yamlMs,
    };
  } finally {
    await server.stop();
  }
}

/** The server as it is shipped: reading TypeScript would cost memory that users do not spend. */
async function bundle(folder: string): Promise<string> {
  const outfile = path.join(folder, "server.mjs");
  const requireInModules =
    'import { createRequire as porpoiseRequire } from "node:module"; const require = porpoiseRequire(import.meta.url);';
  await build({
    absWorkingDir: path.resolve(import.meta.dirname, ".."),
    entryPoints: ["server/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
    banner: { js: requireInModules },
  });
  return outfile;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

function quantiles(times: readonly number[]): Quantiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
}

/** Resident memory after the first thousand edits and after all of them. */
async function memoryOverEdits(
  program: string,
  tasks: number,
  edits: number,
): Promise<{ first: number; last: number }> {
  const server = await startTestServer(undefined, { program });
  const uri = "file:///bench/memory.flow";
  const memory = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  try {
    const text = bigWorkflow(tasks);
    const { length } = text.split("\n");
    await server.open(uri, text);
    let first = 0;
    for (let count = 0; count < edits; count += 2) {
      const start = { line: (count * 7919) % length, character: 0 };
      const end = { line: start.line, character: 2 };
      await server.change(uri, [{ range: { start, end: start }, text: "  " }]);
      await server.change(uri, [{ range: { start, end }, text: "" }]);
      if (count === 1000) first = memory();
    }
    return { first, last: memory() };
  } finally {
    await server.stop();
  }
}

function row(name: string, one: LanguageNumbers): string {
  const both = ({ median, p95 }: Quantiles) => `${median.toFixed(1)} / ${p95.toFixed(1)}`;
  const times = [one.attribute, one.script, one.edge, one.completion].map(both);
  const yaml = `${one.yamlMs.toFixed(0)} ms (${Math.round(one.yamlMs / one.attribute.median)} ×)`;
  const size = [name, one.tasks, one.lines, one.megabytes, `${one.openMs.toFixed(0)} ms`];
  return `| ${[...size, ...times, `${one.serverMb} MB`, yaml].join(" | ")} |`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(
    "| | tasks | lines | MB | open → diagnostics | key in attribute | key in script | key in edge | completion | server | YAML, full parse |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  const folder = await mkdtemp(path.join(tmpdir(), "porpoise-bench-"));
  const program = await bundle(folder);
  for (const tasks of process.argv.includes("--large") ? [10_000] : [100, 1000, 10_000])
    console.log(row("made", await measureLanguage(program, tasks, 200)));
  const { PORPOISE_SHARED: shared } = process.env;
  const real = path.join(shared ?? path.resolve(import.meta.dirname, "../../shared"), "data/wfinstances");
  for (const file of existsSync(real) ? readdirSync(real).filter((name) => name.endsWith(".json")) : []) {
    const { name, tasks }: { name: string; tasks: RealTask[] } = JSON.parse(
      readFileSync(path.join(real, file), "utf8"),
    );
    console.log(row(name, await measureLanguage(program, tasks.length, 100, realWorkflow(name, tasks))));
  }
  const { first, last } = await memoryOverEdits(program, 1000, 10_000);
  await rm(folder, { recursive: true });
  console.log("\nMedian / 95th percentile in milliseconds, from sending the message to having the answer.");
  console.log(
    "YAML: the `yaml` package parses as many tasks whole, which is what an editor on it does at every key; how many keys that is.",
  );
  console.log(`Memory at 1,000 tasks: ${first.toFixed(0)} MB after 1,000 edits, ${last.toFixed(0)} MB after 10,000.`);
}
