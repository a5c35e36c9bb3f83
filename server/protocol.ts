// What the extension and the language server say to each other beyond the LSP.

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
