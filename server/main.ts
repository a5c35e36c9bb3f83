// The language server as a program: LSP over standard input and output.

import { serveStdio } from "./stdio.ts";

serveStdio();
