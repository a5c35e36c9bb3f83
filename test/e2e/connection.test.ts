// Being connected to a scheduler that the user names: wrong and right tokens, a scheduler that goes away and comes back.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readContext } from "../../extension/local-scheduler.ts";
import { openEditor } from "./host/editor.ts";

const program = fileURLToPath(new URL("../../scheduler/cli/main.ts", import.meta.url));

test("the editor says why it is not connected, and finds a scheduler that comes back", async (t) => {
  const elsewhere = await mkdtemp(path.join(tmpdir(), "porpoise-elsewhere-"));
  let scheduler = await startScheduler(elsewhere, "0");
  t.after(async () => {
    await stop(scheduler);
    await rm(elsewhere, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const context = await readContext(elsewhere);
  if (context === undefined) throw new Error("the scheduler has written no context");
  const { host, port } = new URL(context.url);
  const editor = await openEditor((line) => t.diagnostic(line));
  t.after(editor.close);
  const { vscode, step } = editor;

  const connect = async (url: string, token: string) => {
    await vscode.command("Porpoise: Connect…");
    await vscode.answer("(1/2)", url);
    await vscode.answer("(2/2)", token);
  };

  await step("nobody listens", async () => {
    await vscode.open(editor.url);
    await connect("http://127.0.0.1:1", "any");
    await vscode.notification("http://127.0.0.1:1 cannot be reached").waitFor();
    await vscode.command("Notifications: Clear All Notifications");
  });

  await step("a wrong token is refused in words", async () => {
    await connect(context.url, "wrong");
    await vscode.notification("does not know the token").waitFor();
    await vscode.command("Notifications: Clear All Notifications");
  });

  await step("the right token connects", async () => {
    await connect(context.url, context.token);
    await vscode.status(`Porpoise: ${host}`).waitFor();
    await vscode.showRuns();
    await vscode.sidebar.getByText("no workflows yet").first().waitFor();
  });

  await step("a window that remembers the server but not the token says so", async () => {
    // A browser's window keeps secrets in memory only; the desktop's has a keychain.
    await vscode.reload();
    await vscode.sidebar.getByText("is not stored on this machine").first().waitFor();
    await connect(context.url, context.token);
    await vscode.sidebar.getByText("is not stored on this machine").first().waitFor({ state: "detached" });
    await vscode.sidebar.getByText("no workflows yet").first().waitFor();
  });

  await step("a scheduler that goes away is missed, and found when it is back", async () => {
    await stop(scheduler);
    await vscode.sidebar.getByText("cannot be reached").first().waitFor();
    await vscode.picture("connection-lost");
    scheduler = await startScheduler(elsewhere, port);
    await vscode.sidebar.getByText("cannot be reached").first().waitFor({ state: "detached" });
    await vscode.sidebar.getByText("no workflows yet").first().waitFor();
  });

  await step("disconnecting is remembered", async () => {
    await vscode.command("Porpoise: Disconnect");
    await vscode.status(`Porpoise: ${host}`).waitFor({ state: "detached" });
    await vscode.reload();
    await vscode.sidebar.getByText("No scheduler is connected").first().waitFor();
  });
});

async function startScheduler(folder: string, port: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [program, "standalone", "--port", port, "--data", path.join(folder, ".porpoise")],
    {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout });
  // Its first line says that it is ready, and where.
  await once(lines, "line", { signal: AbortSignal.timeout(30_000) });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit", { signal: AbortSignal.timeout(20_000) });
  child.kill("SIGTERM");
  await gone;
}
