// The TextMate grammar over real text: scopes of headers, scripts and placeholders, and nothing that leaks out of a fence.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the language under test here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

// Both are CommonJS and say so only to `require`.
const require = createRequire(import.meta.url);
const textmate: typeof import("vscode-textmate") = require("vscode-textmate");
const oniguruma: typeof import("vscode-oniguruma") = require("vscode-oniguruma");

const flowPath = new URL("../../syntaxes/flow.tmLanguage.json", import.meta.url);

/** Stands for an editor's own grammars: strings that run on over lines until their quote is closed. */
const embedded = (scopeName: string) => ({
  scopeName,
  patterns: [{ name: `string.${scopeName}`, begin: "'", end: "'" }],
  repository: {},
});

const registry = new textmate.Registry({
  onigLib: oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"))).then(() => ({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  })),
  loadGrammar: async (scopeName) => {
    if (scopeName === "source.flow") return textmate.parseRawGrammar(readFileSync(flowPath, "utf8"), "flow.json");
    return textmate.parseRawGrammar(JSON.stringify(embedded(scopeName)), "embedded.json");
  },
});

/** The scopes of every token of every line. */
async function scopes(text: string): Promise<readonly { readonly text: string; readonly scopes: string }[][]> {
  const grammar = await registry.loadGrammar("source.flow");
  assert.ok(grammar);
  let state = textmate.INITIAL;
  return text.split("\n").map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return tokens.map((token) => ({
      text: line.slice(token.startIndex, token.endIndex),
      scopes: token.scopes.join(" "),
    }));
  });
}

async function scopeOf(text: string, part: string): Promise<string> {
  const found = (await scopes(text)).flat().find((token) => token.text.includes(part));
  return found?.scopes ?? "";
}

test("an unclosed quote in SQL does not leak past the fence", async () => {
  const text = "task a: sql {\n  ```sql\n  select 'half\n  ```\n}\n\ntask b: shell {\n}";
  assert.match(await scopeOf(text, "half"), /meta\.embedded\.block\.sql.*string\.source\.sql/);
  assert.match(await scopeOf(text, "b"), /entity\.name\.function\.task/);
});

test("a header in column 0 ends even an unclosed fence", async () => {
  const text = "task a: shell {\n  ```bash\n  echo 'half\ntask zebra: shell {\n}";
  assert.match(await scopeOf(text, "zebra"), /^source\.flow entity\.name\.function\.task\.flow$/);
});

test("a longer fence holds a shorter one", async () => {
  const text = "task a: shell {\n  ````bash\n  ```\n  still inside\n  ````\n}\na >> b";
  assert.match(await scopeOf(text, "still inside"), /meta\.embedded\.block\.shellscript/);
  assert.equal(await scopeOf(text, ">>"), "source.flow keyword.operator.edge.flow");
});

for (const [fence, scope] of [
  ["bash", "shellscript"],
  ["sh", "shellscript"],
  ["sql", "sql"],
  ["python", "python"],
  ["json", "json"],
  ["javascript", "javascript"],
  ["", "plain"],
])
  test(`a fence of "${fence}" is coloured as ${scope} and shows its placeholders`, async () => {
    const text = `task a: x {\n  \`\`\`${fence}\n  '\${day}' $[yyyy-MM-dd] rest\n  \`\`\`\n}`;
    assert.match(await scopeOf(text, "rest"), new RegExp(`meta\\.embedded\\.block\\.${scope}`));
    assert.match(await scopeOf(text, "day"), /variable\.other\.placeholder\.flow/);
    assert.match(await scopeOf(text, "yyyy"), /constant\.other\.placeholder\.flow/);
  });

test("a raw fence keeps its language and shows no placeholders", async () => {
  const text = "task a: shell {\n  ```bash raw\n  echo ${day}\n  ```\n}";
  assert.match(await scopeOf(text, "day"), /meta\.embedded\.block\.shellscript/);
  assert.doesNotMatch(await scopeOf(text, "day"), /placeholder/);
});

test("shell's own dollars are not coloured as placeholders", async () => {
  const text = "task a: shell {\n  ```bash\n  ${v:-x} $[ 1+1 ] $(date)\n  ```\n}";
  const all = (await scopes(text)).flat().map((token) => token.scopes);
  assert.ok(!all.some((one) => one.includes("placeholder")));
});

test("headers, keys, values and comments have their scopes", async () => {
  const text = [
    "/// Doc",
    'workflow retail/daily "Title" { // note',
    '  schedule = cron("0 0 2 * * ?") in "UTC"',
    "  retries = 2 every 5m",
    '  param day: date = "$[yyyyMMdd]"',
    "}",
    'task "a b": shell {',
  ].join("\n");
  assert.match(await scopeOf(text, "Doc"), /comment\.block\.documentation/);
  assert.match(await scopeOf(text, "retail"), /entity\.name\.namespace/);
  assert.match(await scopeOf(text, "daily"), /entity\.name\.class/);
  assert.match(await scopeOf(text, "note"), /comment\.line/);
  assert.match(await scopeOf(text, "schedule"), /property-name/);
  assert.match(await scopeOf(text, "cron"), /support\.function/);
  assert.match(await scopeOf(text, "every"), /keyword\.other/);
  assert.match(await scopeOf(text, "5m"), /constant\.numeric\.duration/);
  assert.match(await scopeOf(text, "date"), /support\.type\.flow/);
  assert.match(await scopeOf(text, "a b"), /entity\.name\.function\.task/);
});
