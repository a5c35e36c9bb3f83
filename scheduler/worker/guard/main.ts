// Runs a worker's guard as a process of its own.

import { guard, guardOptions } from "./guard.ts";

process.exit(await guard(guardOptions(process.argv), process.stdin, process.stdout));
