// Starts a registry in a process of its own and listens to what it says.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import type { Member } from "../../scheduler/registry/contract.ts";
import type { OtherProcess } from "../registry/contract.ts";
import type { RegistryProcessSettings } from "./registry-process.ts";
import { eventually } from "./worker.ts";

export async function openElsewhere(
  t: TestContext,
  settings: RegistryProcessSettings,
  member: Member,
): Promise<OtherProcess> {
  const path = new URL("registry-process.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [path, JSON.stringify(settings), JSON.stringify(member)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  const gone = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  t.after(kill);
  return {
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => {
      // What counts is what it says from here on.
      said.length = 0;
      child.kill("SIGCONT");
    },
    kill,
    said: async (what) => {
      await eventually(
        () => said.includes(what) || undefined,
        `"${what}" of another process (it said: ${said.join(", ")})`,
      );
    },
  };
}
