// What the extension and the language server say to each other beyond the LSP.

import type { ServerNames } from "../scheduler/language/check-workspace.ts";

export type { ServerNames };

/** Commands that the server's code lenses on a workflow's header name; the extension registers them. */
export const lensCommands = {
  run: "porpoise.run",
  backfill: "porpoise.backfill",
  deploy: "porpoise.deploy",
} as const;

/** Arguments of every lens command. */
export interface LensTarget {
  readonly uri: string;
  readonly project: string;
  readonly workflow: string;
}

/** A request of the client: what a text declares, for the menus that ask for it. The answer is an Outline, or null without a workflow. */
export const outlineRequest = "porpoise/outline";

export interface OutlineParams {
  /** The text itself, so that a deployed version can be asked about as well as a file. */
  readonly text: string;
}

export interface Outline {
  /** Absent: the project that the folder's `porpoise.json` names, else `default`. */
  readonly project?: string;
  readonly workflow: string;
  readonly params: readonly OutlineParam[];
  readonly tasks: readonly string[];
  /** What `files = […]` names, over all tasks. */
  readonly files: readonly string[];
}

export interface OutlineParam {
  readonly name: string;
  readonly type: string;
  /** As it stands in the text, placeholders included. */
  readonly value?: string;
}

/** What the client may say at `initialize`. */
export interface InitializationOptions {
  /** `push`: diagnostics are sent at once, even to a client that could ask for them. */
  readonly diagnostics?: "push";
}

/**
 * A notification of the client: what the scheduler it is connected to has, or null when it is not connected any more. Names are
 * checked against it and offered; what is left out is not known.
 */
export const serverNamesNotification = "porpoise/serverNames";
export type ServerNamesParams = { readonly names: ServerNames | null };

/** The client's settings under `porpoise`, as `workspace/configuration` gives them; all may be absent. */
export interface Settings {
  /** Code → severity or `off`; errors stay errors. */
  readonly problems?: { readonly [code: string]: string };
  readonly inlayHints?: {
    readonly cron?: boolean;
    readonly nextFire?: boolean;
    readonly placeholders?: boolean;
    readonly defaults?: boolean;
  };
}

/** A request: a task's script as a worker would run it now. The answer is a Preview, or null. */
export const previewRequest = "porpoise/preview";

export interface PreviewParams {
  readonly uri: string;
  readonly position: { readonly line: number; readonly character: number };
  /** Values of params as at a start. */
  readonly params?: { readonly [name: string]: string };
}

export interface Preview {
  readonly task: string;
  readonly language: string;
  readonly text: string;
  /** Names that only a run gives a value. */
  readonly open: readonly string[];
}

/** A request: the script that a position is in, for the client's providers of that language. The answer is an Embedded, or null. */
export const embeddedRequest = "porpoise/embedded";

export interface EmbeddedParams {
  readonly uri: string;
  readonly position: { readonly line: number; readonly character: number };
}

/** Lines from (inclusive) to (exclusive) of the file; `indent` is no part of the script. */
export interface Embedded {
  readonly language: string;
  readonly from: number;
  readonly to: number;
  readonly indent: number;
}

/** Scripts of these fence words in VS Code's own names of languages. */
export const scriptLanguages: { readonly [word: string]: string } = {
  bash: "shellscript",
  sh: "shellscript",
  python: "python",
  python3: "python",
  py: "python",
  javascript: "javascript",
  js: "javascript",
  mjs: "javascript",
  sql: "sql",
  json: "json",
};

/** A request: a file of another scheduler as `.flow` files. The answer is an ImportAnswer. */
export const importRequest = "porpoise/import";

export interface ImportParams {
  readonly text: string;
  /** For workflows whose source names none. */
  readonly project?: string;
}

export type ImportAnswer =
  | {
      readonly files: readonly { readonly name: string; readonly text: string; readonly warnings: readonly string[] }[];
    }
  | { readonly wrong: string };
