// Opens Debian's Chromium, without any way to other machines.

import { existsSync } from "node:fs";
import { type BrowserContext, chromium, type Page } from "playwright-core";

export interface OpenBrowser {
  readonly page: Page;
  /** Origins that pages asked for and did not get. */
  readonly blocked: ReadonlySet<string>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<OpenBrowser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: apt-get install -y chromium`);
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US" });
  const blocked = await blockOtherOrigins(context);
  return { page: await context.newPage(), blocked, close: () => browser.close() };
}

async function blockOtherOrigins(context: BrowserContext): Promise<ReadonlySet<string>> {
  const blocked = new Set<string>();
  const isElsewhere = (url: URL) =>
    url.protocol.startsWith("http") && !["127.0.0.1", "localhost"].includes(url.hostname);
  await context.route(isElsewhere, async (route) => {
    blocked.add(new URL(route.request().url()).origin);
    await route.abort();
  });
  return blocked;
}
