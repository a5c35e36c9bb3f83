// Serves the LSP on this process's standard input and output.

import { createConnection } from "vscode-languageserver/node";
import { startServer } from "./server.ts";

/** Returns at once; the process ends with the client's `exit`, or when the input ends. */
export function serveStdio(): void {
  const connection = createConnection(process.stdin, process.stdout);
  startServer(connection, { now: Date.now });
  connection.listen();
}
