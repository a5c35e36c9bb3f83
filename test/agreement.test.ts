// One reader, one checker: the language server, `porpoise check` and the API say the same of every text, and what they accept is
// stored as what was meant.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Diagnostic } from "vscode-languageserver/node";
import { serverNames } from "../scheduler/api/server-names.ts";
import { check } from "../scheduler/cli/commands/check.ts";
import { compile } from "../scheduler/language/compile.ts";
import { startTestServer, type TestServer } from "./server/client.ts";
import { type Engine, startEngine } from "./support/engine.ts";

interface File {
  readonly path: string;
  readonly text: string;
}

/** What is said of a file, in a form that all three have. */
interface Said {
  readonly path: string;
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly range: unknown;
}

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-agreement-"));
let engine: Engine;
let server: TestServer;
before(async () => {
  mkdirSync(path.join(folder, "editor"));
  engine = await startEngine();
  server = await startTestServer(pathToFileURL(path.join(folder, "editor")).href);
});
after(async () => {
  await server.stop();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const cases = new URL("cases/problems/", import.meta.url);
const single = readdirSync(cases)
  .filter((name) => name.endsWith(".flow"))
  .sort()
  .map((name): readonly [string, readonly File[]] => {
    const text = readFileSync(new URL(name, cases), "utf8").replaceAll(/[«»]/g, "");
    const file = { path: "case.flow", text };
    const named = compile([file])[0]?.definition?.tasks.flatMap((task) => task.files) ?? [];
    return [name, [file, ...named.map((one) => ({ path: one, text: "echo\n" }))]];
  });
const sample = readFileSync(new URL("cases/sample.flow", import.meta.url), "utf8");
const runs = (workflow: string, other: string) =>
  `workflow ${workflow} {\n}\n\ntask t: sub_workflow {\n  workflow = ${other}\n}\n`;
const several: readonly (readonly [string, readonly File[]])[] = [
  [
    "the sample and the file it names",
    [
      { path: "retail/sales_daily.flow", text: sample },
      { path: "retail/jobs/extract.sh", text: "echo\n" },
    ],
  ],
  [
    "a task that names a file that is not there",
    [{ path: "w.flow", text: 'workflow w {\n}\n\ntask a: shell {\n  files = ["x.sh"]\n  ```bash\n  x\n  ```\n}\n' }],
  ],
  [
    "workflows that run each other",
    [
      { path: "a.flow", text: runs("p/a", "b") },
      { path: "b.flow", text: runs("p/b", "a") },
    ],
  ],
  [
    "a folder with settings",
    [
      {
        path: "porpoise.json",
        text: '{ "project": "shop", "defaults": { "retries": "2 every 5m" }, "problems": { "name/unused-param": "error" } }',
      },
      { path: "in/w.flow", text: "workflow w {\n  param x: string\n}\n" },
    ],
  ],
  [
    "a folder with wrong settings",
    [
      { path: "porpoise.json", text: '{ "projct": 1, "defaults": { "retries": "many" } }' },
      { path: "w.flow", text: "workflow w {\n}\n" },
    ],
  ],
  [
    "two files of one workflow",
    [
      { path: "a.flow", text: "workflow w {\n}\n" },
      { path: "b.flow", text: "workflow w {\n}\n" },
    ],
  ],
  ["no text at all", [{ path: "w.flow", text: "\u0000\u0001" }]],
];

for (const [name, files] of [...single, ...several])
  test(`the editor, the command line and the API say the same of ${name}`, async () => {
    // What only a server knows, the command line cannot know; an editor that is connected knows it as the API does.
    const names = await serverNames(engine.database, engine.registry);
    await server.connection.sendNotification("porpoise/serverNames", { names });
    const said = await byEditor(files);
    const { problems, status } = await byApi(files);
    assert.deepEqual(problems, said, "the API");
    const offline = said.filter(({ code }) => code !== "name/unknown-resource" && code !== "name/unknown-workflow");
    assert.deepEqual(await byCheck(files), offline, "the command line");
    assert.equal(status, said.some((one) => one.severity === "error") ? 422 : 200);
    if (status === 200) await assertStored(files);
  });

async function byCheck(files: readonly File[]): Promise<readonly Said[]> {
  const cwd = mkdtempSync(path.join(folder, "check-"));
  for (const file of files) {
    mkdirSync(path.dirname(path.join(cwd, file.path)), { recursive: true });
    writeFileSync(path.join(cwd, file.path), file.text);
  }
  const stdout = new PassThrough();
  await check([], { format: "json" }, { cwd, stdout, stderr: new PassThrough() });
  return sorted(JSON.parse(String(stdout.read())).problems);
}

async function byApi(files: readonly File[]): Promise<{ status: number; problems: readonly Said[] }> {
  const { status, body } = await engine.request("POST", "/deployments", { files });
  const { problems = [] }: { problems?: readonly Said[] } = body;
  return { status, problems: sorted(problems) };
}

const severities = ["", "error", "warning", "information", "hint"];

/** All files open, the settings and scripts on the disk. */
async function byEditor(files: readonly File[]): Promise<readonly Said[]> {
  const root = path.join(folder, "editor");
  const uriOf = (file: File) => pathToFileURL(path.join(root, file.path)).href;
  for (const file of files.filter((one) => !one.path.endsWith(".flow"))) {
    mkdirSync(path.dirname(path.join(root, file.path)), { recursive: true });
    writeFileSync(path.join(root, file.path), file.text);
  }
  for (const file of files) mkdirSync(path.dirname(path.join(root, file.path)), { recursive: true });
  const changes = files.map((file) => ({ uri: uriOf(file), type: 1 }));
  await server.connection.sendNotification("workspace/didChangeWatchedFiles", { changes });
  const ours = files.filter((file) => /\.flow$|porpoise\.json$/.test(file.path));
  for (const file of ours) await server.open(uriOf(file), file.text);
  // An edit that changes nothing: what it brings is what the server says when all are open.
  const found: Said[] = [];
  for (const file of ours) {
    const shown = await server.change(uriOf(file), [{ text: file.text }]);
    found.push(...shown.map((one) => saidBy(file.path, one)));
  }
  await server.closeAll();
  for (const file of files) rmSync(path.join(root, file.path), { force: true });
  const gone = files.map((file) => ({ uri: uriOf(file), type: 3 }));
  await server.connection.sendNotification("workspace/didChangeWatchedFiles", { changes: gone });
  return sorted(found);
}

const saidBy = (file: string, { code, severity, message, range }: Diagnostic): Said => ({
  path: file,
  code: String(code),
  severity: severities[severity ?? 0] ?? "",
  message: String(message),
  range,
});

const sorted = (problems: readonly Said[]): readonly Said[] =>
  problems
    .map(({ path: file, code, severity, message, range }) => ({ path: file, code, severity, message, range }))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** The stored source is the text, and reads as the same definition. */
async function assertStored(files: readonly File[]): Promise<void> {
  for (const { path: file, definition } of compile(files, { hasFile: () => true })) {
    if (!definition) continue;
    const at = `/projects/${encodeURIComponent(definition.project)}/workflows/${encodeURIComponent(definition.name)}`;
    const { body } = await engine.request("GET", at);
    const { version }: { version: number } = body;
    const stored = await engine.request("GET", `${at}/versions/${version}`);
    const { source }: { source: string } = stored.body;
    assert.equal(source, files.find((one) => one.path === file)?.text);
    const [again] = compile([{ path: file, text: source }, ...files.filter((one) => one.path !== file)]);
    assert.deepEqual(again?.definition, definition);
  }
}
