// The `.flow` and `porpoise.json` files of the workspace's folders, as they are on disk: projects, and who defines which workflow.

import { existsSync, readFileSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Settings } from "../scheduler/language/assemble.ts";
import { isFlow, isSettings } from "../scheduler/language/compile.ts";
import { openDocument } from "../scheduler/language/document.ts";
import { folderOf } from "../scheduler/language/paths.ts";
import { readSettings } from "../scheduler/language/settings.ts";
import { longestText } from "../scheduler/language/text-check.ts";
import {
  detached,
  type Header,
  headerIn,
  type OwnHeader,
  ownHeader,
  settingsFor,
} from "../scheduler/language/workspace.ts";

export interface WorkspaceFiles {
  /** Reads all folders anew. */
  readonly scan: (signal: AbortSignal) => Promise<void>;
  /** Reads one file again, or forgets it where it is gone; true if it is one of ours. */
  readonly refresh: (uri: string) => boolean;
  readonly settingsFor: (path: string) => Settings | undefined;
  /** Headers of files as they are on disk. */
  readonly headers: () => readonly Header[];
  readonly hasFile: (path: string) => boolean;
  /** Undefined where there is no such file, or it is too large or unreadable. */
  readonly textOf: (path: string) => string | undefined;
  /** Relative to the workspace folder, with `/`; absolute where the file lies in none. */
  readonly pathOf: (uri: string) => string;
  readonly uriOf: (path: string) => string;
}

/** More files than a workspace of workflows has; the rest is not looked at. */
const mostFiles = 5000;
const mostFolders = 20_000;
const skipped = new Set(["node_modules", ".git", ".porpoise", "dist", ".venv", "__pycache__"]);

export function workspaceFiles(folderUris: readonly string[], warn: (message: string) => void): WorkspaceFiles {
  const roots = folderUris.flatMap((uri) => localPath(uri) ?? []);
  const settings = new Map<string, Settings>();
  const workflows = new Map<string, OwnHeader>();

  function pathOf(uri: string): string {
    const file = localPath(uri);
    if (file === undefined) return uri;
    const root = roots.find((one) => file.startsWith(one + path.sep));
    if (root === undefined) return file.split(path.sep).join("/");
    const relative = path.relative(root, file).split(path.sep).join("/");
    return roots.length > 1 ? `${path.basename(root)}/${relative}` : relative;
  }

  function absolute(relative: string): string {
    if (path.isAbsolute(relative) || roots.length === 0) return relative;
    if (roots.length === 1) return path.join(roots[0] ?? "", relative);
    const [name, ...rest] = relative.split("/");
    const root = roots.find((one) => path.basename(one) === name) ?? roots[0] ?? "";
    return path.join(root, ...rest);
  }

  // Two bytes a unit at most would still be too long: such a file is not worth its memory here.
  const isTooLarge = (file: string): boolean => statSync(file).size > 2 * longestText;
  const warnOf = (file: string, error: unknown): void =>
    warn(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);

  function take(file: string, text: string): void {
    const key = pathOf(pathToFileURL(file).href);
    if (isSettings({ path: key })) settings.set(folderOf(key), readSettings(text).settings);
    else {
      const document = openDocument(text);
      const header = ownHeader(document);
      if (header) workflows.set(key, detached(header, document));
    }
  }

  async function scan(signal: AbortSignal): Promise<void> {
    const files: string[] = [];
    const open = [...roots];
    for (
      let seen = 0;
      open.length > 0 && seen < mostFolders && files.length < mostFiles && !signal.aborted;
      seen += 1
    ) {
      const folder = open.pop() ?? "";
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // a folder may vanish or be closed to us
      for (const entry of entries) {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory() && !skipped.has(entry.name)) open.push(file);
        else if (entry.isFile() && (isFlow({ path: entry.name }) || isSettings({ path: entry.name }))) files.push(file);
      }
    }
    if (files.length >= mostFiles)
      warn(`more than ${mostFiles} files: the rest is not checked for duplicate workflows`);
    for (const file of files.slice(0, mostFiles)) {
      if (signal.aborted) return;
      try {
        take(file, isTooLarge(file) ? "" : await readFile(file, "utf8"));
      } catch (error) {
        warnOf(file, error);
      }
    }
  }

  // At once: what the client asks next is answered with what it has just told of.
  function refresh(uri: string): boolean {
    const file = localPath(uri);
    const key = pathOf(uri);
    if (file === undefined || !(isFlow({ path: key }) || isSettings({ path: key }))) return false;
    workflows.delete(key);
    if (isSettings({ path: key })) settings.delete(folderOf(key));
    try {
      if (existsSync(file)) take(file, isTooLarge(file) ? "" : readFileSync(file, "utf8"));
    } catch (error) {
      warnOf(file, error);
    }
    return true;
  }

  const headers = (): readonly Header[] =>
    [...workflows].map(([key, own]) => headerIn(key, own, settingsFor(key, settings)));

  function textOf(relative: string): string | undefined {
    const file = absolute(relative);
    try {
      return statSync(file).size > 2 * longestText ? undefined : readFileSync(file, "utf8");
    } catch {
      return undefined; // gone, or closed to us: as if it were not there
    }
  }

  return {
    scan,
    refresh,
    settingsFor: (key) => settingsFor(key, settings),
    headers,
    textOf,
    hasFile: (key) => existsSync(absolute(key)),
    pathOf,
    uriOf: (key) => (/^[a-z][a-z0-9+.-]+:/i.test(key) ? key : pathToFileURL(absolute(key)).href),
  };
}

/** Only files of this machine are read. */
function localPath(uri: string): string | undefined {
  try {
    return uri.startsWith("file:") ? fileURLToPath(uri).replace(/[/\\]$/, "") : undefined;
  } catch {
    return undefined; // a file URL of another host
  }
}
