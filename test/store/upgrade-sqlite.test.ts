import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { upgrades } from "./upgrade.ts";

const folder = mkdtempSync(path.join(tmpdir(), "porpoise-upgrade-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

upgrades("SQLite", async () => {
  count += 1;
  return { type: "sqlite", file: path.join(folder, `${count}.db`) };
});
