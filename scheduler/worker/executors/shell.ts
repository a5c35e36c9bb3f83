// Runs a task's fence as a shell script.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { AttemptFailure, type Executor, endOfProcess } from "./contract.ts";

export function shellExecutor(): Executor {
  return {
    type: "shell",
    setsOutputsByLog: true,
    run: async (context) => {
      const { script } = context.assignment.task;
      const shell = shellFor(script?.language ?? "");
      const path = context.writeScript("script.sh");
      return endOfProcess(await context.process(shell, [path]), shell);
    },
  };
}

function shellFor(language: string): string {
  switch (language) {
    case "bash":
    case "sh":
    case "zsh":
    case "dash":
    case "ksh":
      return language;
    case "":
    case "shell":
      return isOnPath("bash") ? "bash" : "sh";
    default:
      throw new AttemptFailure(`a shell task was given a script in \`${language}\`: mark the fence \`bash\` or \`sh\``);
  }
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
