// What a person does in VS Code's window, by keyboard and mouse, with what they then wait to see.

import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";

const pictures = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../test-output/e2e");

/** Long enough for two busy cores; a wait that works is over as soon as the thing is there. */
export const patienceMs = 45_000;

export type Workbench = ReturnType<typeof workbench>;

export function workbench(page: Page) {
  page.setDefaultTimeout(patienceMs);
  const quickInput = page.locator(".quick-input-widget:visible");
  const rowOf = (container: Locator, text: string | RegExp) =>
    container.locator(".monaco-list-row").filter({ hasText: text }).first();

  /** The row of an open quick pick. */
  const choice = (text: string | RegExp) => rowOf(quickInput, text);

  const press = (keys: string) => page.keyboard.press(keys);

  /** Runs a command by its full title, as a person who types it would. */
  const command = async (title: string) => {
    await press("F1");
    await quickInput.locator("input").first().waitFor();
    await page.keyboard.insertText(title);
    await choice(title).waitFor();
    await press("Enter");
  };

  /** Takes an entry of the quick pick that is open now. */
  const choose = async (text: string | RegExp) => {
    await choice(text).waitFor();
    await choice(text).click();
  };

  /** Answers the input box with this title. */
  const answer = async (title: string, text: string) => {
    await quickInput.filter({ hasText: title }).waitFor();
    await quickInput.locator("input").first().fill(text);
    await press("Enter");
  };

  const openFile = async (name: string) => {
    await press("Control+P");
    await quickInput.locator("input").first().waitFor();
    // With its first line, or the window scrolls to where it was when the file was last seen.
    await page.keyboard.insertText(`${name}:1`);
    await choose(name);
    await page.locator(".tab.active", { hasText: name }).waitFor();
  };

  const sidebar = page.locator(".part.sidebar");
  const panel = page.locator(".part.panel");
  return {
    page,
    sidebar,
    press,
    command,
    choose,
    choice,
    answer,
    openFile,
    open: async (url: string) => {
      await page.goto(url);
      await page.locator(".monaco-workbench").waitFor();
      await page.locator(".statusbar-item", { hasText: "Porpoise" }).waitFor();
    },
    /** As VS Code's own command does it: what the window remembers is written down first. */
    reload: async () => {
      const loaded = page.waitForEvent("load");
      await command("Developer: Reload Window");
      await loaded;
      await page.locator(".statusbar-item", { hasText: "Porpoise" }).waitFor();
    },
    status: (text: string | RegExp) => page.locator(".statusbar-item").filter({ hasText: text }).first(),
    notification: (text: string | RegExp) => page.locator(".notification-toast").filter({ hasText: text }).first(),
    squiggle: page.locator(".editor-instance .squiggly-error").first(),
    problem: (text: string | RegExp) => rowOf(panel.locator(".markers-panel"), text),
    /** The code lens that begins so. */
    lens: (title: string) => page.locator(".codelens-decoration a").filter({ hasText: title }).first(),
    showRuns: async () => {
      await command("Porpoise: Focus on Runs View");
      await sidebar.locator(".pane-header, .composite.title").filter({ hasText: "Runs" }).first().waitFor();
    },
    /** A row of the runs tree. */
    row: (text: string | RegExp) => rowOf(sidebar, text),
    /** Opens a row of the runs tree, if it is closed. */
    expand: async (text: string | RegExp) => {
      const row = rowOf(sidebar, text);
      await row.waitFor();
      if ((await row.getAttribute("aria-expanded")) === "false") await row.locator(".monaco-tl-twistie").click();
    },
    /** Waits until the Output panel shows a line with this text. */
    showsOutput: (text: string | RegExp) =>
      panel.locator(".view-lines .view-line").filter({ hasText: text }).first().waitFor(),
    /** Takes a channel from the Output panel's list. */
    chooseOutput: async (name: RegExp) => {
      await command("Output: Focus on Output View");
      const list = panel.locator("select").first();
      const label = await list.locator("option").filter({ hasText: name }).first().textContent();
      await list.selectOption({ label: label ?? "" });
    },
    /** What the Output panel shows, its lines in order. */
    outputText: () => shownLines(panel),
    /** Keeps a picture of the window among the tests' artefacts; says where. */
    picture: async (name: string) => {
      mkdirSync(pictures, { recursive: true });
      const file = path.join(pictures, `${name}.png`);
      await page.screenshot({ path: file });
      return file;
    },
  };
}

/** The editor draws lines in any order, each at its height. */
async function shownLines(panel: Locator): Promise<string> {
  const lines = await panel.locator(".view-lines .view-line").evaluateAll((found) =>
    found
      .map((line) => ({ top: line.getBoundingClientRect().top, text: line.textContent ?? "" }))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll("\u00a0", " ")),
  );
  return lines.join("\n");
}
