// Logs of short tasks into the folder store, as an api takes them from workers: each in one piece, with its end.
// Prints Markdown.
//
//   node bench/logs.ts [logs]      4,000 when no number is given

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { folderLogStore } from "../scheduler/logs/folder.ts";
import { taskInstanceId, workflowInstanceId } from "../scheduler/model/ids.ts";
import { head, median, row, spread } from "./numbers.ts";

const logs = Number(process.argv[2] ?? 4_000);
const rounds = 5;
const atOnce = 64;
const bytes = Buffer.from("a line of output\n".repeat(4));

head("logs of 68 bytes, 64 at once", "a second (median)", "min … max of a round");
for (const tasks of [1, 10]) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await writeAll(tasks));
  row(`${tasks} a workflow instance`, Math.round((logs / median(times)) * 1_000), spread(times));
}

async function writeAll(tasks: number): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), "porpoise-bench-"));
  const store = folderLogStore({ folder });
  try {
    const startMs = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < logs) {
        const index = next;
        next += 1;
        const key = {
          taskInstance: taskInstanceId(workflowInstanceId(Math.floor(index / tasks)), index % tasks),
          attempt: 1,
        };
        await store.append(key, 0, bytes, true);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return performance.now() - startMs;
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
