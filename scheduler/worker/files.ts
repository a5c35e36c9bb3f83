// The files that were deployed with a workflow: fetched from an api once by their content's hash, then copied to each attempt.

import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { OperationError } from "../model/operation-error.ts";
import type { Connection } from "../wire/contract.ts";
import type { ApiRequests, Assignment } from "../wire/messages.ts";
import { AttemptFailure } from "./executors/contract.ts";

export interface FilesDeps {
  /** Where fetched files are kept, by hash. */
  readonly folder: string;
  readonly api: () => Connection | undefined;
}

export interface Files {
  /** Puts an assignment's files into the attempt's directory; throws an `AttemptFailure` where that cannot be. */
  place(files: Assignment["files"], directory: string, signal: AbortSignal): Promise<void>;
}

/** How long an attempt waits for an api before it fails. */
const limitMs = 60_000;
const againMs = 250;

export function deployedFiles(deps: FilesDeps): Files {
  const fetching = new Map<string, Promise<string>>();

  const fetched = (sha256: string): Promise<string> => {
    const present = fetching.get(sha256);
    if (present !== undefined) return present;
    const started = fetchOnce(deps, sha256).finally(() => fetching.delete(sha256));
    fetching.set(sha256, started);
    return started;
  };

  return {
    async place(files, directory, signal) {
      for (const { path, sha256 } of files) {
        const target = inside(directory, path);
        const source = await fetched(sha256);
        if (signal.aborted) return;
        await mkdir(dirname(target), { recursive: true });
        // A copy where the file system can do no better: an attempt that changes its file changes nobody else's.
        await copyFile(source, target, constants.COPYFILE_FICLONE);
      }
    },
  };
}

async function fetchOnce({ folder, api }: FilesDeps, sha256: string): Promise<string> {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new AttemptFailure(`a file's sha256 is \`${sha256}\`, 64 hex digits were expected`);
  const path = join(folder, sha256);
  if (await isThere(path)) return path;
  const content = await download(api, sha256);
  const found = createHash("sha256").update(content).digest("hex");
  if (found !== sha256)
    throw new AttemptFailure(`a deployed file arrived with sha256 ${found}, ${sha256} was expected`);
  const part = `${path}.${randomUUID()}`;
  // Deployed files are often programs; whoever could write a script could run it anyway. Flushed: under its hash nobody looks into it again.
  await writeFile(part, content, { mode: 0o755, flush: true });
  await rename(part, path);
  return path;
}

async function download(api: FilesDeps["api"], sha256: string): Promise<Uint8Array> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const connection = api();
    try {
      if (connection === undefined) throw new OperationError("unavailable", "no api is connected");
      const answer = await connection.request<ApiRequests["file"]["response"]>(
        "file",
        { sha256 },
        { deadlineMs: limitMs },
      );
      return answer.binary ?? new Uint8Array();
    } catch (cause) {
      const isTransient = cause instanceof OperationError && cause.code === "unavailable";
      if (!isTransient || performance.now() > untilMs) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new AttemptFailure(`a deployed file could not be fetched from an api: ${why}`, { cause });
      }
    }
    await delay(againMs);
  }
}

function inside(directory: string, path: string): string {
  const plain = normalize(path);
  if (path === "" || plain.startsWith("..") || plain.startsWith(sep) || plain === ".") {
    throw new AttemptFailure(`the file \`${path}\` would lie outside the attempt's directory`);
  }
  return join(directory, plain);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
