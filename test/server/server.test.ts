// The language server over the real protocol, as a process.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type {
  CodeAction,
  CodeLens,
  CompletionList,
  DocumentSymbol,
  Hover,
  Location,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver/node";
import { compile } from "../../scheduler/language/compile.ts";
import { startTestServer, type TestServer } from "./client.ts";

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-lsp-"));
let server: TestServer;

before(async () => {
  writeFileSync(path.join(folder, "porpoise.json"), '{ "project": "shop" }');
  writeFileSync(path.join(folder, "a.flow"), "workflow taken {\n}\n");
  server = await startTestServer(pathToFileURL(folder).href);
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const uriOf = (name: string) => pathToFileURL(path.join(folder, name)).href;

/** `|` is the cursor. */
function cursor(marked: string): { text: string; position: { line: number; character: number } } {
  const at = marked.indexOf("|");
  const lines = marked.slice(0, at).split("\n");
  return {
    text: marked.slice(0, at) + marked.slice(at + 1),
    position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 },
  };
}

async function at<T>(method: string, name: string, marked: string, more: object = {}): Promise<T> {
  const { text, position } = cursor(marked);
  await server.open(uriOf(name), text);
  return server.connection.sendRequest<T>(method, { textDocument: { uri: uriOf(name) }, position, ...more });
}

const workflow = 'workflow w {\n  param day: date = "$[yyyy-MM-dd]"\n}\n\n';
const shell = (name: string, body = "") => `task ${name}: shell {\n${body}  \`\`\`bash\n  echo hi\n  \`\`\`\n}\n`;

test("the editor's problems are exactly those of compile", async () => {
  const text = `${workflow}${shell("a", "  retrys = 3\n  after = b\n")}${shell("b", "  after = a\n")}`;
  const shown = await server.open(uriOf("same.flow"), text);
  const [compiled] = compile([{ path: "same.flow", text }]);
  assert.deepEqual(
    shown.map(({ code, message, range }) => ({ code, message, range })),
    compiled?.problems.map(({ code, message, range }) => ({ code, message, range })),
  );
  assert.ok(shown.some((one) => one.code === "graph/cycle" && one.relatedInformation?.length === 1));
});

test("an edit mends a problem and the diagnostics go at once", async () => {
  const text = `${workflow}${shell("a", "  retrys = 3\n")}`;
  assert.equal(
    (await server.open(uriOf("mend.flow"), text)).filter((one) => one.code === "attribute/unknown").length,
    1,
  );
  const range = { start: { line: 5, character: 2 }, end: { line: 5, character: 8 } };
  const shown = await server.change(uriOf("mend.flow"), [{ range, text: "retries" }]);
  assert.deepEqual(
    shown.map((one) => one.code),
    ["name/unused-param"],
  );
});

test("a workflow that another file of the folder defines is a duplicate", async () => {
  await server.open(uriOf("b.flow"), "workflow taken {\n}\n");
  const shown = await server.diagnostics(uriOf("b.flow"), (found) => found.length > 0);
  assert.match(String(shown[0]?.message), /shop\/taken is already defined in a\.flow/);
  assert.equal(shown[0]?.relatedInformation?.[0]?.location.uri, uriOf("a.flow"));
  assert.deepEqual(await server.change(uriOf("b.flow"), [{ text: "workflow free {\n}\n" }]), []);
});

test("completion offers attributes with documentation, required ones first", async () => {
  const list = await at<CompletionList>("textDocument/completion", "c1.flow", `${workflow}task p: http {\n  |\n}\n`);
  const sorted = list.items.toSorted((a, b) => ((a.sortText ?? "") < (b.sortText ?? "") ? -1 : 1));
  assert.equal(sorted[0]?.label, "url");
  assert.ok(JSON.stringify(sorted[0]?.documentation).includes("Where the request goes"));
  assert.ok(list.items.some((item) => item.label === "retries"));
});

test("completion behind >> leaves out tasks that would close a cycle", async () => {
  const text = `${workflow}${shell("a")}${shell("b")}${shell("c")}a >> b\nb >> |\n`;
  const list = await at<CompletionList>("textDocument/completion", "c2.flow", text);
  assert.deepEqual(
    list.items.map((item) => item.label),
    ["c"],
  );
});

test("completion in a script offers the params in scope", async () => {
  const text = `${workflow}task a: shell {\n  in x: string = "1"\n  \`\`\`bash\n  echo \${|\n  \`\`\`\n}\n`;
  const labels = (await at<CompletionList>("textDocument/completion", "c3.flow", text)).items.map((item) => item.label);
  assert.deepEqual(labels.slice(0, 2).sort(), ["day", "x"]);
});

test("hover on a placeholder shows its value, on a cron the next five fires", async () => {
  const text =
    'workflow w {\n  schedule = cron("0 0 2 * * ?") in "Asia/Shanghai"\n  param day: date = "$[yyyy|-MM-dd]"\n}\n';
  const value = await at<Hover>("textDocument/hover", "h1.flow", text);
  assert.match(JSON.stringify(value.contents), /`\d{4}-\d\d-\d\d` for a schedule time/);
  const cron = await at<Hover>("textDocument/hover", "h2.flow", text.replace("|", "").replace("0 0 2", "0 |0 2"));
  assert.equal(JSON.stringify(cron.contents).match(/T02:00:00\+08:00/g)?.length, 5);
});

test("definition and references of a task go through after and edges", async () => {
  const text = `${workflow}${shell("a")}${shell("b", "  after = |a\n")}a >> b\n`;
  const [definition] = await at<Location[]>("textDocument/definition", "d1.flow", text);
  assert.deepEqual(definition?.range.start, { line: 4, character: 5 });
  const context = { context: { includeDeclaration: true } };
  assert.equal((await at<Location[]>("textDocument/references", "d2.flow", text, context)).length, 3);
});

test("symbols, lenses and folding come from the same outline", async () => {
  const uri = uriOf("s1.flow");
  await server.open(uri, `workflow shop/w {\n}\n\n${shell("a")}`);
  const params = { textDocument: { uri } };
  const symbols = await server.connection.sendRequest<DocumentSymbol[]>("textDocument/documentSymbol", params);
  assert.deepEqual(
    symbols.map((one) => one.name),
    ["w", "a"],
  );
  const lenses = await server.connection.sendRequest<CodeLens[]>("textDocument/codeLens", params);
  assert.deepEqual(
    lenses.map((one) => one.command?.title),
    ["Run", "Backfill…", "Deploy"],
  );
  assert.deepEqual(lenses[0]?.command?.arguments, [{ uri, project: "shop", workflow: "w" }]);
});

test("a binary file named .flow and 50 MB of text get one clear problem each", async () => {
  const binary = await server.open(uriOf("bin.flow"), "\u0000\u0001\ufffdELF");
  assert.deepEqual(
    binary.map((one) => one.code),
    ["syntax/not-text"],
  );
  const large = await server.open(uriOf("large.flow"), "task x\n".repeat(7_500_000));
  assert.deepEqual(
    large.map((one) => one.code),
    ["syntax/too-large"],
  );
});

test("formatting edits the blocks that change, and a range those inside it", async () => {
  const text = "workflow w {\n}\na>>b\nb>>c\n";
  await server.open(uriOf("format.flow"), text);
  const textDocument = { uri: uriOf("format.flow") };
  const options = { tabSize: 4, insertSpaces: false };
  const all = await server.connection.sendRequest<TextEdit[]>("textDocument/formatting", { textDocument, options });
  assert.deepEqual(
    all.map((edit) => edit.newText),
    ["a >> b\n", "b >> c\n"],
  );
  const range = { start: { line: 2, character: 0 }, end: { line: 2, character: 3 } };
  assert.deepEqual(
    await server.connection.sendRequest("textDocument/rangeFormatting", { textDocument, range, options }),
    [{ range: { start: range.start, end: { line: 3, character: 0 } }, newText: "a >> b\n" }],
  );
});

test("rename changes every place, and says why it refuses one", async () => {
  const text = `${workflow}${shell("a|")}${shell("b", "  after = a\n")}a >> b\n`;
  const edit = await at<WorkspaceEdit>("textDocument/rename", "rename.flow", text, { newName: "c" });
  assert.equal(edit.changes?.[uriOf("rename.flow")]?.length, 3);
  assert.ok(edit.changes?.[uriOf("rename.flow")]?.every((one) => one.newText === "c"));
  await assert.rejects(
    at("textDocument/prepareRename", "refused.flow", `${workflow}${shell("a").replace("echo hi", "ec|ho hi")}`),
    /no task or param here/,
  );
  await assert.rejects(at("textDocument/rename", "taken.flow", text, { newName: "b" }), /already is a task "b"/);
});

test("a quick fix names its diagnostic and mends it", async () => {
  const uri = uriOf("fix.flow");
  const text = `${workflow.replace(" w ", " mended ")}${shell("a", "  retrys = 3\n").replace("echo hi", "echo ${day}")}`;
  const [shown] = await server.open(uri, text);
  assert.ok(shown);
  const ask = (only?: string[]) =>
    server.connection.sendRequest<CodeAction[] | null>("textDocument/codeAction", {
      textDocument: { uri },
      range: shown.range,
      context: { diagnostics: [shown], ...(only && { only }) },
    });
  const [action, ...others] = (await ask()) ?? [];
  assert.deepEqual(
    others.map(({ title }) => title),
    ["Remove retrys"],
  );
  assert.equal(action?.title, "Change to retries");
  assert.deepEqual(action?.diagnostics, [shown]);
  const changes = action?.edit?.changes?.[uri]?.map(({ range, newText }) => ({ range, text: newText })) ?? [];
  assert.deepEqual(await server.change(uri, changes), []);
  assert.equal(await ask(["source.organizeImports"]), null);
});
