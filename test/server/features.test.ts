// Every feature of the editor over the real protocol: a workspace of several files, one language server process.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  CodeAction,
  CompletionList,
  DocumentLink,
  Hover,
  InlayHint,
  Location,
  SelectionRange,
  SemanticTokens,
  SemanticTokensDelta,
  SymbolInformation,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver/node";
import { openDocument } from "../../scheduler/language/document.ts";
import { startTestServer, type TestServer } from "./client.ts";

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-features-"));
const sample = readFileSync(new URL("../cases/sample.flow", import.meta.url), "utf8");
let server: TestServer;

const small =
  'workflow retail/load_small {\n  param day: date = "$[yyyyMMdd]"\n}\n\ntask load: shell {\n  files = ["jobs/load.sh"]\n  ```bash\n  bash jobs/load.sh ${day}\n  ```\n}\n';
const waiting =
  "workflow ops/watch {\n}\n\ntask wait: dependent {\n  wait_for = all(retail/load_small.load @ today)\n}\ntask run: sub_workflow {\n  after = wait\n  workflow = retail/load_small\n}\n";

before(async () => {
  mkdirSync(path.join(folder, "retail/jobs"), { recursive: true });
  writeFileSync(path.join(folder, "retail/load_small.flow"), small);
  writeFileSync(path.join(folder, "retail/jobs/load.sh"), 'echo "$PORPOISE_DAY" "$PORPOISE_DAYS" $PORPOISE_DAY\n');
  writeFileSync(path.join(folder, "watch.flow"), waiting);
  writeFileSync(path.join(folder, "sample.flow"), sample);
  server = await startTestServer(pathToFileURL(folder).href, {
    configuration: () => ({ problems: { "name/unused-param": "warning", "graph/cycle": "off" } }),
  });
});
afterEach(() => server.closeAll());
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const uriOf = (name: string) => pathToFileURL(path.join(folder, name)).href;

function cursor(marked: string): { text: string; position: { line: number; character: number } } {
  const at = marked.includes("‸") ? marked.indexOf("‸") : marked.indexOf("|");
  const lines = marked.slice(0, at).split("\n");
  const text = marked.slice(0, at) + marked.slice(at + 1);
  return { text, position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 } };
}

/** `|` is the cursor, or `‸` where the text has a `|` of its own. */
async function at<T>(method: string, name: string, marked: string, more: object = {}): Promise<T> {
  const { text, position } = cursor(marked);
  await server.open(uriOf(name), text);
  return server.connection.sendRequest<T>(method, { textDocument: { uri: uriOf(name) }, position, ...more });
}

/** The sample with the cursor in front of its first mention of a text, or so far behind its beginning. */
const inSample = (text: string, by = 0): string => {
  const found = sample.indexOf(text) + by;
  return `${sample.slice(0, found)}‸${sample.slice(found)}`;
};

const labelsOf = (list: CompletionList) => list.items.map(({ label }) => label);
const workflow = "workflow w {\n  param n: integer = 1\n}\n\n";
const shell = (name: string, body = "") => `task ${name}: shell {\n${body}  \`\`\`bash\n  echo hi\n  \`\`\`\n}\n`;

test("definition of a sub-workflow is its file, and of a task waited for its task", async () => {
  const [run] = await at<Location[]>("textDocument/definition", "sample.flow", inSample("retail/load_small", 9));
  assert.equal(run?.uri, uriOf("retail/load_small.flow"));
  assert.deepEqual(run?.range.start, { line: 0, character: 16 });
  const [task] = await at<Location[]>("textDocument/definition", "watch.flow", waiting.replace(".load", ".lo|ad"));
  assert.deepEqual(task?.range.start, { line: 4, character: 5 });
});

test("references of a workflow and of its tasks are found in every file", async () => {
  const context = { includeDeclaration: true };
  const name = "retail/load_small.flow";
  const params = { context };
  const runs = await at<Location[]>(
    "textDocument/references",
    name,
    small.replace("load_small", "load|_small"),
    params,
  );
  assert.deepEqual(
    runs.map(({ uri }) => uri).sort(),
    [name, "sample.flow", "watch.flow", "watch.flow"].map(uriOf).sort(),
  );
  const waits = await at<Location[]>("textDocument/references", name, small.replace("task load", "task lo|ad"), params);
  assert.deepEqual(
    waits.map(({ uri }) => uri),
    [name, "watch.flow"].map(uriOf),
  );
});

test("a workflow is renamed in every file that runs it or waits for it", async () => {
  const marked = small.replace("load_small", "load|_small");
  const edit = await at<WorkspaceEdit>("textDocument/rename", "retail/load_small.flow", marked, {
    newName: "load all",
  });
  const changes = edit.changes ?? {};
  assert.deepEqual(
    Object.keys(changes).sort(),
    ["retail/load_small.flow", "sample.flow", "watch.flow"].map(uriOf).sort(),
  );
  assert.ok(Object.values(changes).every((list) => list.every(({ newText }) => newText === '"load all"')));
  assert.equal(changes[uriOf("watch.flow")]?.length, 2);
});

test("a task is renamed where other files wait for it, also from there", async () => {
  for (const [name, marked] of [
    ["retail/load_small.flow", small.replace("task load", "task lo|ad")],
    ["watch.flow", waiting.replace(".load", ".lo|ad")],
  ] as const) {
    const edit = await at<WorkspaceEdit>("textDocument/rename", name, marked, { newName: "load_day" });
    assert.deepEqual(
      Object.keys(edit.changes ?? {}).sort(),
      ["retail/load_small.flow", "watch.flow"].map(uriOf).sort(),
    );
  }
});

test("a param is renamed in fences and in the scripts beside the workflow", async () => {
  const marked = small.replace("param day", "param da|y");
  const edit = await at<WorkspaceEdit>("textDocument/rename", "retail/load_small.flow", marked, { newName: "date" });
  const script = edit.changes?.[uriOf("retail/jobs/load.sh")] ?? [];
  assert.deepEqual(
    script.map(({ newText, range }) => [newText, range.start.character]),
    [
      ["PORPOISE_DATE", 7],
      ["PORPOISE_DATE", 39],
    ],
  );
  assert.equal(edit.changes?.[uriOf("retail/load_small.flow")]?.length, 2);
});

test("links lead to files and workflows", async () => {
  await server.open(uriOf("watch.flow"), waiting);
  const links = (name: string) =>
    server.connection.sendRequest<DocumentLink[]>("textDocument/documentLink", { textDocument: { uri: uriOf(name) } });
  assert.deepEqual(
    (await links("watch.flow")).map(({ target }) => target),
    Array(2).fill(`${uriOf("retail/load_small.flow")}#L1`),
  );
  await server.open(uriOf("retail/load_small.flow"), small);
  assert.deepEqual(
    (await links("retail/load_small.flow")).map(({ target }) => target),
    [uriOf("retail/jobs/load.sh")],
  );
});

test("symbols of the workspace come from every file", async () => {
  const found = await server.connection.sendRequest<SymbolInformation[]>("workspace/symbol", { query: "load" });
  const names = found.map(({ name, containerName }) => `${containerName} ${name}`);
  assert.ok(names.includes("retail load_small") && names.includes("retail/load_small load"), names.join(", "));
  assert.ok(names.includes("retail/sales_daily load_big"), names.join(", "));
});

test("a selection grows from the word to the file", async () => {
  const marked = `${workflow}task a: http {\n  url = "https://exa|mple.com/x"\n}\n`;
  const { text, position } = cursor(marked);
  await server.open(uriOf("selection.flow"), text);
  const [range] = await server.connection.sendRequest<SelectionRange[]>("textDocument/selectionRange", {
    textDocument: { uri: uriOf("selection.flow") },
    positions: [position],
  });
  const texts: string[] = [];
  const lines = text.split("\n");
  for (let one: SelectionRange | undefined = range; one; one = one.parent) {
    const { start, end } = one.range;
    const own = lines.slice(start.line, end.line + 1);
    own[own.length - 1] = (own.at(-1) ?? "").slice(0, end.character);
    texts.push(own.join("\n").slice(start.character));
  }
  assert.deepEqual(texts.slice(0, 4), [
    "example",
    "https://example.com/x",
    '"https://example.com/x"',
    'url = "https://example.com/x"',
  ]);
  assert.equal(texts.at(-1), text);
});

test("semantic tokens name what the sample's names are; an edit sends only what it changes", async () => {
  const uri = uriOf("colours.flow");
  await server.open(uri, sample);
  const textDocument = { uri };
  const legend = server.capabilities.semanticTokensProvider?.legend.tokenTypes ?? [];
  const full = await server.connection.sendRequest<SemanticTokens>("textDocument/semanticTokens/full", {
    textDocument,
  });
  const decoded = decode(sample, full.data, legend);
  for (const one of [
    "namespace sales_daily",
    "function extract_orders",
    "parameter bizdate",
    "property timeout",
    "type dependent",
    "macro $[yyyy-MM-dd-1]",
    "enumMember warehouse",
    "parameter ${row_count}",
  ])
    assert.ok(decoded.includes(one), `${one} in ${[...new Set(decoded)].join(", ")}`);
  const range = { start: { line: 20, character: 0 }, end: { line: 30, character: 0 } };
  const part = await server.connection.sendRequest<SemanticTokens>("textDocument/semanticTokens/range", {
    textDocument,
    range,
  });
  assert.ok(part.data.length > 0 && part.data.length < full.data.length / 2);
  await server.change(uri, [
    { range: { start: { line: 2, character: 0 }, end: { line: 2, character: 0 } }, text: "\n" },
  ]);
  const delta = await server.connection.sendRequest<SemanticTokensDelta>("textDocument/semanticTokens/full/delta", {
    textDocument,
    previousResultId: full.resultId,
  });
  const size = delta.edits.reduce((sum, one) => sum + (one.data?.length ?? 0), 0);
  assert.ok(delta.edits.length > 0 && size <= 10, JSON.stringify(delta.edits));
});

function decode(text: string, data: readonly number[], legend: readonly string[]): readonly string[] {
  const lines = text.split("\n");
  const found: string[] = [];
  let [line, character] = [0, 0];
  for (let at = 0; at < data.length; at += 5) {
    const [lineBy = 0, by = 0, length = 0, type = 0] = data.slice(at, at + 4);
    character = lineBy === 0 ? character + by : by;
    line += lineBy;
    found.push(`${legend[type]} ${(lines[line] ?? "").slice(character, character + length)}`);
  }
  return found;
}

test("inlay hints tell crons in words, placeholders as values, and inherited defaults", async () => {
  const uri = uriOf("hints.flow");
  await server.open(uri, sample);
  const range = { start: { line: 0, character: 0 }, end: { line: 200, character: 0 } };
  const hints = await server.connection.sendRequest<InlayHint[]>("textDocument/inlayHint", {
    textDocument: { uri },
    range,
  });
  const texts = hints.map(({ label }) => String(label));
  assert.ok(
    texts.some((text) => /^At 02:30, next \d{4}-\d\d-\d\d 02:30$/.test(text)),
    texts.join(" | "),
  );
  assert.ok(texts.some((text) => /^= \d{4}-\d\d-\d\d$/.test(text)));
  assert.ok(texts.includes("retries = 2 every 5m, timeout = 30m then fail"), texts.join(" | "));
});

test("call hierarchy goes up- and downstream", async () => {
  const [item] = await at<CallHierarchyItem[]>(
    "textDocument/prepareCallHierarchy",
    "calls.flow",
    inSample("task audit", 6),
  );
  assert.equal(item?.name, "audit");
  const incoming = await server.connection.sendRequest<CallHierarchyIncomingCall[]>("callHierarchy/incomingCalls", {
    item,
  });
  const outgoing = await server.connection.sendRequest<CallHierarchyOutgoingCall[]>("callHierarchy/outgoingCalls", {
    item,
  });
  assert.deepEqual([incoming.map(({ from }) => from.name), outgoing.map(({ to }) => to.name)], [["route"], ["gate"]]);
});

test("completion offers workflows, windows, conditions and lists", async () => {
  const complete = (marked: string) => at<CompletionList>("textDocument/completion", "complete.flow", marked);
  const dependent = (value: string) => `workflow retail/x {\n}\n\ntask d: dependent {\n  wait_for = ${value}\n}\n`;
  assert.ok(labelsOf(await complete(dependent("all(load|)"))).includes("load_small"));
  assert.ok(labelsOf(await complete(dependent("all(\n    ops/w|\n  )"))).includes("ops/watch"));
  assert.deepEqual(labelsOf(await complete(dependent("all(ops/watch.r|)"))), ["ops/watch.run"]);
  assert.ok(labelsOf(await complete(dependent("all(ops/watch @ last_1|)"))).includes("last_1_days"));
  const branch = (line: string) =>
    `workflow w {\n  param size: integer = 1\n}\n\n${shell("a")}${shell("b")}task k: conditions {\n  after = a\n  ${line}\n}\n`;
  assert.deepEqual(labelsOf(await complete(branch("when a is |"))), ["succeeded", "failed"]);
  assert.ok(labelsOf(await complete(branch("when |"))).includes("size"));
  assert.ok(labelsOf(await complete(branch("when size |"))).includes("=="));
  assert.deepEqual(labelsOf(await complete(branch("when size == 1 >> |"))), ["b"]);
  assert.deepEqual(labelsOf(await complete(branch("else >> |"))), ["b"]);
  const each =
    'workflow w {\n  param names: list = ["x"]\n  param n: integer = 1\n}\n\ntask s: sub_workflow {\n  for_each = |\n}\n';
  assert.deepEqual(labelsOf(await complete(each)), ["names"]);
  assert.deepEqual(labelsOf(await complete("workflow w {\n  alert = failure |\n}\n")), ["to"]);
});

test("what the connected server has is offered and checked, and forgotten with the connection", async () => {
  const uri = uriOf("known.flow");
  const text = `${workflow}task s: sql {\n  datasource = wharehouse\n  in x: integer = "\${n}"\n  \`\`\`sql\n  select 1\n  \`\`\`\n}\n`;
  assert.deepEqual(await server.open(uri, text), []);
  const names = { datasources: ["warehouse"], workflows: ["far/away"] };
  await server.connection.sendNotification("porpoise/serverNames", { names });
  const [lacking] = await server.diagnostics(uri, (found) => found.length > 0);
  assert.equal(lacking?.code, "name/unknown-resource");
  const marked = text.replace("wharehouse", "|");
  assert.deepEqual(labelsOf(await at<CompletionList>("textDocument/completion", "known2.flow", marked)), ["warehouse"]);
  const run = `${workflow}task s: sub_workflow {\n  workflow = f|\n}\n`;
  assert.ok(labelsOf(await at<CompletionList>("textDocument/completion", "known3.flow", run)).includes("far/away"));
  await server.connection.sendNotification("porpoise/serverNames", { names: null });
  assert.deepEqual(await server.diagnostics(uri, (found) => found.length === 0), []);
});

test("the client's settings change how bad a hint is, and no error", async () => {
  const shown = await server.open(
    uriOf("severity.flow"),
    `${workflow}${shell("a", "  after = b\n")}${shell("b", "  after = a\n")}`,
  );
  assert.deepEqual(
    shown.map(({ code, severity }) => `${code} ${severity}`),
    ["name/unused-param 2", "graph/cycle 1"],
  );
});

test("porpoise.json has its problems shown, and nothing of a workflow's", async () => {
  const uri = uriOf("porpoise.json");
  const shown = await server.open(uri, '{ "projct": "x" }');
  assert.deepEqual(
    shown.map(({ code, severity }) => `${code} ${severity}`),
    ["attribute/unknown 2"],
  );
  const position = { line: 0, character: 3 };
  assert.equal(await server.connection.sendRequest("textDocument/hover", { textDocument: { uri }, position }), null);
  assert.equal(
    await server.connection.sendRequest("textDocument/completion", { textDocument: { uri }, position }),
    null,
  );
});

test("edges become after and back again, and mean the same", async () => {
  const text = `${workflow}${shell("a")}${shell("b")}${shell("c", "  after = [a, b]\n")}`.replace(
    "integer = 1",
    "integer",
  );
  const actions = (marked: string) => {
    const { position } = cursor(marked);
    return at<CodeAction[]>("textDocument/codeAction", "convert.flow", marked, {
      range: { start: position, end: position },
      context: { diagnostics: [], only: ["refactor"] },
    });
  };
  const [toEdges] = await actions(text.replace("after = [a", "aft|er = [a"));
  assert.equal(toEdges?.title, "Write `after` as an edge");
  const asEdges = applied(text, toEdges?.edit?.changes?.[uriOf("convert.flow")] ?? []);
  assert.ok(asEdges.includes("\n[a, b] >> c\n") && !asEdges.includes("after"), asEdges);
  const [toAfter] = await actions(asEdges.replace("[a, b] >> c", "[a|, b] >> c"));
  assert.equal(toAfter?.title, "Write the edge as `after`");
  const back = applied(asEdges, toAfter?.edit?.changes?.[uriOf("convert.flow")] ?? []);
  assert.deepEqual(openDocument(back).names().graph(), openDocument(text).names().graph());
});

test("a literal becomes a param that is used in its place", async () => {
  const marked = 'workflow w {\n}\n\ntask a: http {\n  url = "http://loc|alhost"\n}\n';
  const { text, position } = cursor(marked);
  const actions = await at<CodeAction[]>("textDocument/codeAction", "extract.flow", marked, {
    range: { start: position, end: position },
    context: { diagnostics: [], only: ["refactor.extract"] },
  });
  assert.equal(actions[0]?.title, "Extract into the param url");
  assert.equal(
    applied(text, actions[0]?.edit?.changes?.[uriOf("extract.flow")] ?? []),
    'workflow w {\n  param url: string = "http://localhost"\n}\n\ntask a: http {\n  url = "${url}"\n}\n',
  );
});

test("the } that ends a block lays it out", async () => {
  const uri = uriOf("typed.flow");
  await server.open(uri, "workflow w {\n    priority   =   high\n}\n");
  const edits = await server.connection.sendRequest<TextEdit[]>("textDocument/onTypeFormatting", {
    textDocument: { uri },
    position: { line: 2, character: 1 },
    ch: "}",
    options: { tabSize: 2, insertSpaces: true },
  });
  assert.deepEqual(
    edits.map(({ newText }) => newText),
    ["workflow w {\n  priority = high\n}\n"],
  );
});

test("hover tells windows, functions of conditions, and workflows of other files", async () => {
  const hover = async (marked: string) =>
    JSON.stringify((await at<Hover>("textDocument/hover", "hover.flow", marked)).contents);
  assert.match(await hover(inSample("last_1_days", 3)), /The day before\..* to .*Asia\/Shanghai/);
  assert.match(await hover(inSample("cron(", 8)), /At 02:30.*next fires/);
  assert.match(await hover(inSample("retail/load_small", 9)), /load_small.*retail\/load_small\.flow/);
  assert.match(await hover(inSample("any(load_small is", 1)), /any\(condition, …\)/);
});

test("a script is previewed as it would run, and found for other languages' servers", async () => {
  const marked =
    'workflow w {\n  param region: string = "eu"\n}\n\ntask a: shell {\n  out rows: integer\n  ```bash\n  echo ${region} ${rows} ${v:-x} $[yy|yy]\n  ```\n}\n';
  const { text, position } = cursor(marked);
  const uri = uriOf("preview.flow");
  await server.open(uri, text);
  const preview = await server.connection.sendRequest<{ text: string; open: string[]; language: string }>(
    "porpoise/preview",
    {
      uri,
      position,
      params: { region: "us" },
    },
  );
  assert.match(preview.text, /^echo us \$\{rows\} \$\{v:-x\} 20\d\d\n$/);
  assert.deepEqual([preview.open, preview.language], [["rows"], "bash"]);
  assert.deepEqual(await server.connection.sendRequest("porpoise/embedded", { uri, position }), {
    language: "bash",
    from: 7,
    to: 8,
    indent: 2,
  });
});

test("a client that asks for diagnostics gets the same ones, and none are pushed", async () => {
  const asking = await startTestServer(pathToFileURL(folder).href, {
    capabilities: { textDocument: { diagnostic: {} } },
  });
  try {
    const uri = uriOf("pulled.flow");
    const text = `${workflow}${shell("a", "  retrys = 3\n")}`;
    await asking.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "flow", version: 1, text },
    });
    const report = await asking.connection.sendRequest<{ items: { code: string }[] }>("textDocument/diagnostic", {
      textDocument: { uri },
    });
    assert.deepEqual(
      report.items.map(({ code }) => code),
      ["name/unused-param", "attribute/unknown"],
    );
    assert.equal(asking.pushed(), 0);
  } finally {
    await asking.stop();
  }
});

function applied(text: string, edits: readonly TextEdit[]): string {
  const document = openDocument(text);
  const order = edits.toSorted(
    (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
  );
  for (const { range, newText } of order) document.edit(range, newText);
  return document.text();
}
