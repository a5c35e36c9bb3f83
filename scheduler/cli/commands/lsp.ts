// `porpoise lsp --stdio`: the language server, for every editor that speaks the LSP.

import { serveStdio } from "../../../server/stdio.ts";
import type { ExitCode, Io } from "../io.ts";

/** The server ends the process itself, with the client's `exit` or the end of the input; Ctrl-C ends the wait. */
export function lsp(io: Io): Promise<ExitCode> {
  serveStdio();
  return new Promise((resolve) => {
    if (io.signal.aborted) resolve(0);
    else io.signal.addEventListener("abort", () => resolve(0), { once: true });
  });
}
