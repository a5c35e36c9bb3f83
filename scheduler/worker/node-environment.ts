// What a process inherits from the worker: its environment without the worker's own settings and secrets.

/** Settings of this process that mean nothing to others, or that others must not see. */
const own =
  /^(PORPOISE_|VSCODE_|ELECTRON_)|^(NODE_OPTIONS|NODE_CHANNEL_FD|NODE_UNIQUE_ID|NODE_TEST_CONTEXT|INIT_CWD)$|^npm_/;

export type Environment = { readonly [name: string]: string };

export function inheritedEnvironment(): Environment {
  const inherited: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !own.test(name)) inherited[name] = value;
  }
  return inherited;
}

/** What makes this very program a Node for others: inside VS Code it is Electron, which is a Node only when told so. */
export const asNode = (): Environment =>
  process.versions["electron"] === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" };

/** All of the environment of a process that is this very program. */
export const nodeEnvironment = (): Environment => ({ ...inheritedEnvironment(), ...asNode() });
