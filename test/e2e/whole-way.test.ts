// The whole way in a real VS Code: the packaged extension, a throw-away profile, the bundled scheduler, a real browser.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runningLocalScheduler } from "../../extension/local-scheduler.ts";
import { openEditor } from "./host/editor.ts";

const days = ["2026-11-09", "2026-11-10", "2026-11-11"];

test("a workflow goes from its text to live logs, a backfill and a stopped run without leaving the editor", async (t) => {
  const editor = await openEditor((line) => t.diagnostic(line));
  t.after(editor.close);
  const { vscode, folder, step } = editor;
  const gate = path.join(folder, "gate");
  const gated = await readFile(fileURLToPath(new URL("workspace/gated.flow", import.meta.url)), "utf8");
  await writeFile(path.join(folder, "gated.flow"), gated.replace("/nowhere", gate));

  await step("open the example", async () => {
    await vscode.open(editor.url);
    await vscode.openFile("git-activity.flow");
    await vscode.lens("Backfill").waitFor();
    await vscode.squiggle.waitFor({ state: "detached" });
  });

  await step("a cycle gets a squiggle and a problem with its path", async () => {
    await vscode.press("Control+End");
    await vscode.page.keyboard.insertText("report >> extract");
    await vscode.squiggle.waitFor({ state: "attached" });
    await vscode.press("Control+Shift+M");
    const problem = vscode.problem(/cycle|circle/i);
    await problem.waitFor();
    const text = (await problem.textContent()) ?? "";
    assert.match(text, /extract.*by_(author|folder).*(load|draw).*report.*extract/s);
    await problem.dblclick();
    await vscode.picture("1-cycle");
  });

  await step("mending it clears both", async () => {
    await vscode.openFile("git-activity.flow");
    await vscode.press("Control+End");
    for (let letter = 0; letter < "report >> extract".length; letter++) await vscode.press("Backspace");
    await vscode.squiggle.waitFor({ state: "detached" });
    await vscode.problem(/cycle|circle/i).waitFor({ state: "detached" });
    await vscode.press("Control+S");
  });

  await step("the bundled scheduler starts", async () => {
    await vscode.command("Porpoise: Start Local Scheduler");
    await vscode.status("Porpoise: local").waitFor();
  });

  await step("deploying shows its plan first", async () => {
    await vscode.command("Porpoise: Deploy");
    await vscode.choose("The workspace");
    await vscode.choice("Deploy 2 workflows").waitFor();
    await vscode.choice("git_activity").waitFor();
    await vscode.picture("2-plan");
    await vscode.press("Enter");
    await vscode.notification("Deployed 2 workflows").waitFor();
  });

  await step("a run's lines are shown while it runs", async () => {
    await vscode.openFile("gated.flow");
    await vscode.lens("Run").click();
    await vscode.choice("Dry run").waitFor();
    await vscode.press("Enter");
    await vscode.showsOutput("[talk] line 3 of 6");
    await vscode.showRuns();
    await vscode.expand(/^gated/);
    await vscode.expand(/running/);
    await vscode.row(/^talk.*running/).waitFor();
    await vscode.row(/^done.*submitted/).waitFor();
    assert.doesNotMatch(await vscode.outputText(), /line 4/);
    await vscode.picture("3-running");
  });

  await step("a window that is reloaded during the run shows the log whole, and how it goes on", async () => {
    await vscode.reload();
    await vscode.status("Porpoise: local").waitFor();
    await vscode.chooseOutput(/^Porpoise: gated #1/);
    await vscode.showsOutput("[talk] line 3 of 6");
    await writeFile(gate, "");
    await vscode.showsOutput("[done] the gate is open");
    const lines = [1, 2, 3, 4, 5, 6].map((line) => `[talk] line ${line} of 6`);
    assert.equal((await vscode.outputText()).trimEnd(), [...lines, "[done] the gate is open"].join("\n"));
    await vscode.notification(/gated #1 succeeded/).waitFor();
    await vscode.expand(/^gated/);
    await vscode.expand(/#1.*succeeded/);
    await vscode.picture("4-reloaded");
  });

  await step("a task's log has an output channel of its own, which a reload keeps", async () => {
    await vscode.row(/^talk.*succeeded/).click();
    await vscode.showsOutput(/^line\s6\sof\s6$/);
    await vscode.reload();
    await vscode.status("Porpoise: local").waitFor();
    await vscode.chooseOutput(/^Porpoise: talk \(gated/);
    await vscode.showsOutput(/^line\s6\sof\s6$/);
    const lines = [1, 2, 3, 4, 5, 6].map((line) => `line ${line} of 6`);
    assert.equal((await vscode.outputText()).trimEnd(), lines.join("\n"));
  });

  await step("a backfill of three dates shows its plan, then three instances that succeed", async () => {
    await vscode.openFile("git-activity.flow");
    await vscode.lens("Backfill").click();
    await vscode.choose("A list");
    await vscode.answer("Days", days.join(", "));
    await vscode.choice("Show the plan").waitFor();
    await vscode.press("Enter");
    await vscode.choice("Run 3 dates").waitFor();
    for (const day of days) await vscode.choice(day).waitFor();
    await vscode.picture("5-backfill-plan");
    await vscode.press("Enter");
    await vscode.showRuns();
    await vscode.expand(/^git_activity/);
    await vscode.notification("all 3 dates succeeded").waitFor({ timeout: 90_000 });
    for (const day of days) await vscode.row(new RegExp(`${day}.*succeeded`)).waitFor();
    await vscode.expand(new RegExp(days[2] ?? ""));
    await vscode.row(/^report.*succeeded/).waitFor();
    await vscode.row(/^extract.*succeeded/).click();
    await vscode.showsOutput("2026-11-11: 10 commits");
    await vscode.picture("6-backfilled");
    const pictures = await Promise.all(
      days.map((day) => readFile(path.join(folder, "activity", day, "activity.svg"), "utf8")),
    );
    assert.equal(new Set(pictures).size, days.length);
  });

  await step("a long run can be stopped", async () => {
    await rm(gate);
    await vscode.openFile("gated.flow");
    await vscode.lens("Run").click();
    await vscode.choice("Dry run").waitFor();
    await vscode.press("Enter");
    await vscode.showsOutput("[talk] line 3 of 6");
    await vscode.command("Porpoise: Stop…");
    await vscode.choice(/gated #\d+.*running/).waitFor();
    await vscode.press("Enter");
    await vscode.notification(/gated #\d+ was stopped/).waitFor();
    await vscode.expand(/^gated/);
    await vscode.row(/stopped/).waitFor();
    await vscode.picture("7-stopped");
  });

  await step("the local scheduler stops", async () => {
    await vscode.command("Porpoise: Stop Local Scheduler");
    await vscode.status("Porpoise: local").waitFor({ state: "detached" });
    assert.equal(await runningLocalScheduler(folder), undefined);
    await vscode.sidebar.getByText("No scheduler is connected").first().waitFor();
  });

  await step("started again, it still knows what ran, and logs can be read", async () => {
    await vscode.sidebar.getByRole("button", { name: "Start Local Scheduler" }).click();
    await vscode.status("Porpoise: local").waitFor();
    await vscode.expand(/^gated/);
    await vscode.row(/#5.*stopped/).waitFor();
    await vscode.expand(/#1.*succeeded/);
    await vscode.row(/^done.*succeeded/).click();
    await vscode.showsOutput(/^the\sgate\sis\sopen$/);
    await vscode.picture("8-restarted");
  });
  assert.deepEqual([...editor.blocked], [], "something asked for other machines");
});
