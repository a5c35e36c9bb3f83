// What the language server offers, seen in a real VS Code: colours, hints, completion, hover, rename, format on save, quick fix.

import assert from "node:assert/strict";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openEditor } from "./host/editor.ts";

const sample = fileURLToPath(new URL("../cases/sample.flow", import.meta.url));
const small =
  'workflow retail/load_small {\n  param region: string = "eu"\n}\n\ntask load: shell {\n  ```bash\n  echo ${region}\n  ```\n}\n';

test("the language is there in VS Code: colours, hints, completion, hover, rename, format, quick fix", async (t) => {
  const editor = await openEditor((line) => t.diagnostic(line));
  t.after(editor.close);
  const { vscode, folder, step } = editor;
  const { page } = vscode;
  await mkdir(path.join(folder, "retail/jobs"), { recursive: true });
  await cp(sample, path.join(folder, "retail/sales_daily.flow"));
  await writeFile(path.join(folder, "retail/jobs/extract.sh"), "echo extract\n");
  await writeFile(path.join(folder, "retail/load_small.flow"), small);
  await mkdir(path.join(folder, ".vscode"), { recursive: true });
  const settings = (theme: string) =>
    writeFile(
      path.join(folder, ".vscode/settings.json"),
      JSON.stringify({ "editor.formatOnSave": true, "workbench.colorTheme": theme, "editor.minimap.enabled": false }),
    );
  await settings("Default Dark Modern");

  const go = async (line: number, column: number) => {
    await vscode.press("Control+G");
    const input = page.locator(".quick-input-widget:visible input").first();
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    // Before it has found the line, Enter does nothing.
    await page
      .locator(".quick-input-widget:visible .monaco-list-row")
      .filter({ hasText: `line ${line} ` })
      .waitFor();
    await vscode.press("Enter");
    await page
      .locator(".quick-input-widget:visible")
      .waitFor({ state: "detached" })
      .catch(() => undefined); // it is hidden, not gone
    // A key that comes before the editor has the focus again is lost.
    await page
      .getByText(new RegExp(`^Ln ${line}, Col \\d+`))
      .first()
      .waitFor();
    await page.locator(".editor-instance .monaco-editor.focused").first().waitFor();
  };
  const textOf = (name: string) => readFile(path.join(folder, "retail", name), "utf8");
  /** Waits until a saved file holds the text. */
  const saved = async (name: string, wanted: RegExp) => {
    const until = performance.now() + 20_000;
    while (!wanted.test(await textOf(name))) {
      assert.ok(performance.now() < until, `${name} holds no ${wanted}: ${await textOf(name)}`);
      await page.waitForTimeout(100);
    }
  };
  const inText = (text: string | RegExp) =>
    page.locator(".editor-instance .view-line").filter({ hasText: text }).first();

  await step("the sample is free of problems, and its lines say more than their text", async () => {
    await vscode.open(editor.url);
    await vscode.openFile("sales_daily.flow");
    await vscode.lens("Backfill").waitFor();
    await inText(/At\s02:30,\snext\s\d{4}-\d\d-\d\d/).waitFor();
    await inText(/=\s\d{4}-\d\d-\d\d/).waitFor();
    await vscode.squiggle.waitFor({ state: "detached" });
    await vscode.picture("language-1-dark");
  });

  await step("scripts have the colours of their languages, in both themes", async () => {
    await go(62, 1);
    await inText(/group\sby\sid/).waitFor();
    const keyword = page
      .locator(".view-line")
      .filter({ hasText: /group\sby\sid/ })
      .locator("span span")
      .first();
    assert.ok(await keyword.getAttribute("class"));
    await vscode.picture("language-2-fences-dark");
    await settings("Default Light Modern");
    await page.locator(".monaco-workbench.vs:not(.vs-dark)").waitFor();
    await vscode.picture("language-3-fences-light");
    await go(1, 1);
    await vscode.picture("language-4-light");
  });

  await step("completion offers attributes with their documentation", async () => {
    await vscode.openFile("load_small.flow");
    await go(5, 20);
    await vscode.press("Enter");
    await page.keyboard.type("retr");
    const suggestion = page.locator(".suggest-widget .monaco-list-row").filter({ hasText: "retries" }).first();
    await suggestion.waitFor();
    await vscode.press("Control+Space");
    await page.locator(".suggest-details").filter({ hasText: "How many more attempts" }).first().waitFor();
    await vscode.picture("language-5-completion");
    await vscode.press("Enter");
    await page.keyboard.type("2");
    await inText(/retries\s=\s2/).waitFor();
  });

  await step("a misspelt attribute has a squiggle and a quick fix", async () => {
    await vscode.press("Enter");
    await page.keyboard.type("delai = 1m");
    await vscode.press("Escape");
    await vscode.squiggle.waitFor({ state: "attached" });
    await vscode.press("ArrowLeft");
    await vscode.press("Home");
    await vscode.press("Control+.");
    const action = page.locator(".action-widget").getByText("Change to delay").first();
    await action.waitFor();
    await vscode.picture("language-6-quick-fix");
    await action.click();
    await inText(/delay\s=\s1m/).waitFor();
    await vscode.squiggle.waitFor({ state: "detached" });
  });

  await step("saving formats", async () => {
    await go(2, 1);
    // Not typed: a key that comes while a suggestion is shown would take it.
    await page.keyboard.insertText("      priority   =   high\n");
    await vscode.press("Control+S");
    await saved("load_small.flow", /^ {2}priority = high$/m);
  });

  await step("hover tells a cron in words and its next fires", async () => {
    await vscode.openFile("sales_daily.flow");
    await go(4, 20);
    await vscode.command("Show or Focus Hover");
    const hover = page.locator(".monaco-hover:visible").filter({ hasText: "next fires" }).first();
    await hover.waitFor();
    assert.match((await hover.textContent()) ?? "", /At 02:30/);
    await vscode.picture("language-7-hover");
    await vscode.press("Escape");
  });

  await step("renaming a workflow changes the file that runs it as well", async () => {
    await vscode.openFile("load_small.flow");
    await go(1, 20);
    await vscode.press("F2");
    const input = page.locator(".rename-box input");
    await input.waitFor();
    await input.fill("load_little");
    await vscode.press("Enter");
    await inText(/retail\/load_little/).waitFor();
    await vscode.command("File: Save All");
    await saved("load_small.flow", /^workflow retail\/load_little/m);
    await saved("sales_daily.flow", /workflow = retail\/load_little/);
  });

  await step("a language server that is killed comes back, and knows what was typed and not saved", async () => {
    await vscode.openFile("load_small.flow");
    await go(2, 1);
    await page.keyboard.insertText("  priorty = low\n");
    await vscode.squiggle.waitFor({ state: "attached" });
    const before = editor.languageServers();
    assert.equal(before.length, 1, before.join(", "));
    for (const id of before) process.kill(id, "SIGKILL");
    const until = performance.now() + 30_000;
    while (editor.languageServers().filter((id) => !before.includes(id)).length === 0) {
      assert.ok(performance.now() < until, "no new language server");
      await page.waitForTimeout(100);
    }
    await vscode.squiggle.waitFor({ state: "attached" });
    // It answers for the text as it is now: mending it takes the problem away.
    await go(2, 1);
    await vscode.press("Control+Shift+K");
    await vscode.squiggle.waitFor({ state: "detached" });
    await vscode.press("Control+S");
  });

  await step("a script is previewed as a worker would run it", async () => {
    await go(11, 5);
    await vscode.command("Porpoise: Preview Script");
    await page
      .locator(".view-line")
      .filter({ hasText: /^echo\seu$/ })
      .first()
      .waitFor();
    await vscode.picture("language-8-preview");
  });
});
