// A private etcd for a test: one server, an own folder, free loopback ports.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, startServerProcess } from "./server-process.ts";

export interface EtcdServer {
  /** `host:port`. */
  readonly connect: string;
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Starts it again on the same ports and folder; ends it first where it still runs. */
  restart(): Promise<void>;
  /** Ends it, forgets everything, starts it again on the same ports. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export async function startEtcd(): Promise<EtcdServer> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-etcd-"));
  const [client, peer] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
  const start = (): Promise<ServerProcess> =>
    startServerProcess({
      name: "etcd",
      command: "etcd",
      args: [
        ...["--name", "test", "--data-dir", join(folder, "data"), "--log-level", "error"],
        ...["--listen-client-urls", `http://${client}`, "--advertise-client-urls", `http://${client}`],
        ...["--listen-peer-urls", `http://${peer}`, "--initial-advertise-peer-urls", `http://${peer}`],
        ...["--initial-cluster", `test=http://${peer}`],
      ],
      isReady: () => isHealthy(`http://${client}/health`),
    });

  let server = await start();
  return {
    connect: client ?? "",
    pause: () => server.pause(),
    resume: () => server.resume(),
    kill: () => server.kill(),
    restart: async () => {
      await server.kill(); // asked to end, it would wait seconds for open watches
      server = await start();
    },
    wipe: async () => {
      await server.kill();
      await rm(join(folder, "data"), { recursive: true, force: true });
      server = await start();
    },
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    return ((await response.json()) as { readonly health?: string }).health === "true"; // as etcd documents it
  } catch {
    return false;
  }
}
