// `porpoise graph` and `porpoise import` as a person calls them.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { type GraphFormat, graph } from "../../scheduler/cli/commands/graph.ts";
import { type ImportOptions, importFile } from "../../scheduler/cli/commands/import.ts";
import type { Io } from "../../scheduler/cli/io.ts";

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-graph-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const cases = path.resolve(import.meta.dirname, "../cases");

async function called(work: (io: Io) => Promise<number>) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await work({ cwd: folder, env: {}, stdout, stderr, signal: AbortSignal.abort(), isTerminal: false });
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
}

const draw = (file: string, format: GraphFormat) => called((io) => graph(file, { format }, io));
const take = (file: string, options: Partial<ImportOptions> = {}) =>
  called((io) => importFile(path.join(cases, "import", file), { out: "out", ...options }, io));

test("the graph of the sample has its tasks, edges and branches, in all three formats", async () => {
  const sample = path.join(cases, "sample.flow");
  const json = await draw(sample, "json");
  assert.equal(json.code, 0);
  const found: { nodes: { name: string }[]; edges: { from: string; to: string; isBranch: boolean }[] } = JSON.parse(
    json.out,
  );
  assert.equal(found.nodes.length, 11);
  assert.equal(found.edges.length, 12);
  assert.deepEqual(
    found.edges.filter(({ isBranch }) => isBranch).map(({ from, to }) => `${from} ${to}`),
    ["route notify_empty", "route load_big", "route audit", "route load_small", "gate publish", "gate page_oncall"],
  );
  const svg = (await draw(sample, "svg")).out;
  assert.equal(svg.match(/<rect /g)?.length, 11);
  assert.equal(svg.match(/marker-end/g)?.length, 12);
  // Boxes do not cover each other.
  const boxes = [...svg.matchAll(/<rect [^>]*x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(
    (one) => one.slice(1).map(Number),
  );
  for (const [x = 0, y = 0, width = 0, height = 0] of boxes)
    for (const [u = 0, v = 0, wide = 0, high = 0] of boxes.filter((one) => one[0] !== x || one[1] !== y))
      assert.ok(x + width <= u || u + wide <= x || y + height <= v || v + high <= y, `${x},${y} and ${u},${v}`);
  const mermaid = (await draw(sample, "mermaid")).out;
  assert.match(mermaid, /^flowchart LR\n/);
  assert.equal(mermaid.match(/ -\.-> /g)?.length, 6);
});

test("two thousand tasks are drawn at once, circles and all", async () => {
  const task = (at: number) => `task t${at}: shell {\n  \`\`\`\n  x\n  \`\`\`\n}\n`;
  const tasks = Array.from({ length: 2000 }, (_, at) => task(at)).join("");
  const edges = Array.from({ length: 1999 }, (_, at) => `t${at >> 1} >> t${at + 1}\n`).join("");
  writeFileSync(path.join(folder, "large.flow"), `workflow w {\n}\n${tasks}${edges}t1999 >> t0\n`);
  const started = process.cpuUsage();
  const { code, out } = await draw("large.flow", "svg");
  const { user, system } = process.cpuUsage(started);
  assert.equal(code, 1, "the circle is an error");
  assert.equal(out.match(/<rect /g)?.length, 2000);
  assert.ok(!out.includes("NaN"));
  assert.ok(user + system < 2_000_000, `${(user + system) / 1000} ms`);
});

test("a file with errors is drawn as far as it can be read, and the exit code says so", async () => {
  writeFileSync(
    path.join(folder, "bad.flow"),
    'workflow w {\n}\ntask a: shell {\n}\ntask "b<&>": shell {\n  after = a\n}\n',
  );
  const { code, out, err } = await draw("bad.flow", "svg");
  assert.equal(code, 1);
  assert.match(out, /b&lt;&amp;&gt;/);
  assert.match(err, /2 errors, porpoise check shows them/);
  assert.equal((await draw("nowhere.flow", "json")).code, 2);
});

test("an import writes its files, says what is missing, and overwrites nothing unasked", async () => {
  const first = await take("export-3.json");
  assert.equal(first.code, 0, first.err);
  assert.equal(first.out, "out/sales_daily.flow\nout/customers.flow\n");
  assert.match(first.err, /2 files written, \d+ things were not carried over/);
  assert.ok(existsSync(path.join(folder, "out/customers.flow")));
  const again = await take("export-3.json");
  assert.equal(again.code, 1);
  assert.match(again.err, /already there: .*--force/);
  assert.equal((await take("export-3.json", { force: true, project: "mine" })).code, 0);
  assert.match(readFileSync(path.join(folder, "out/customers.flow"), "utf8"), /^workflow mine\/customers \{/m);
  const wrong = await called((io) => importFile(path.join(cases, "sample.flow"), { out: "." }, io));
  assert.equal(wrong.code, 1);
});
