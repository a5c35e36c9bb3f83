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
