// A private Flink for a test: one JobManager and one TaskManager on free loopback ports. Maven fetches it once and keeps it.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, type ServerProcess, startServerProcess } from "./server-process.ts";

export interface FlinkServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The jar of Flink's own examples. */
  readonly exampleJar: string;
  /** Every job that it knows, by id, with its state. */
  jobs(): Promise<ReadonlyMap<string, string>>;
  jars(): Promise<readonly string[]>;
  /** SIGSTOP to the JobManager: it holds its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Kills all of it and starts it again on the same port: it has forgotten every job. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Of `flink-examples-streaming` 1.20.0: what the tests run is what was looked at. */
const exampleSha256 = "4b841187f2ab7d4a1e1e348e5d646509fa20d4834a7da0bf45ab2341b5d9df12";

export async function startFlink(): Promise<FlinkServer> {
  const classPath = await fetched();
  const exampleJar = classPath.find((path) => path.includes("flink-examples-streaming")) ?? "";
  const found = createHash("sha256")
    .update(await readFile(exampleJar))
    .digest("hex");
  if (found !== exampleSha256) throw new Error(`${exampleJar} has the sha256 ${found}, ${exampleSha256} was expected`);

  const folder = await mkdtemp(join(tmpdir(), "porpoise-flink-"));
  const [port, rpcPort] = [await freePort(), await freePort()];
  const settings: { readonly [name: string]: string | number } = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "jobmanager.rpc.port": rpcPort,
    "jobmanager.memory.process.size": "600m",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "rest.port": port,
    "web.upload.dir": join(folder, "jars"),
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.numberOfTaskSlots": 8,
    // What its start script would work out from the memory of the machine.
    "taskmanager.cpu.cores": 2,
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.managed.size": "16m",
    "taskmanager.memory.task.heap.size": "64m",
    "taskmanager.memory.task.off-heap.size": "0m",
    "taskmanager.memory.framework.heap.size": "64m",
    "taskmanager.memory.framework.off-heap.size": "32m",
    "taskmanager.memory.jvm-metaspace.size": "96m",
    "taskmanager.memory.jvm-overhead.min": "32m",
    "taskmanager.memory.jvm-overhead.max": "32m",
    "io.tmp.dirs": join(folder, "tmp"),
    "parallelism.default": 1,
  };
  await mkdir(join(folder, "tmp"));
  await writeFile(
    join(folder, "config.yaml"),
    Object.entries(settings)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(""),
  );
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) })).json();
  const run = (mainClass: string, isReady: () => Promise<boolean>): Promise<ServerProcess> =>
    startServerProcess({
      name: `Flink's ${mainClass.split(".").at(-1)}`,
      command: "/usr/bin/java",
      args: [
        ...["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
        ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
        ...["-cp", classPath.join(":"), mainClass, "--configDir", folder],
      ],
      isReady,
      startLimitMs: 60_000,
    });
  const hasSlots = async (): Promise<boolean> => {
    const overview = (await get("/overview").catch(() => ({}))) as { readonly "slots-total"?: number }; // as Flink documents it
    return (overview["slots-total"] ?? 0) > 0;
  };
  const start = async () => {
    const answers = (): Promise<boolean> =>
      get("/overview").then(
        () => true,
        () => false,
      );
    const manager = await run("org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", answers);
    const worker = await run("org.apache.flink.runtime.taskexecutor.TaskManagerRunner", hasSlots);
    return { manager, worker };
  };
  let both = await start();
  const kill = async (): Promise<void> => {
    await Promise.all([both.manager.kill(), both.worker.kill()]);
  };
  return {
    host: "127.0.0.1",
    port,
    exampleJar,
    jobs: async () => {
      const { jobs } = (await get("/jobs/overview")) as { jobs: { jid: string; state: string }[] }; // likewise
      return new Map(jobs.map(({ jid, state }) => [jid, state]));
    },
    jars: async () => ((await get("/jars")) as { files: { name: string }[] }).files.map(({ name }) => name), // likewise
    pause: () => both.manager.pause(),
    resume: () => both.manager.resume(),
    restart: async () => {
      await kill();
      await rm(join(folder, "jars"), { recursive: true, force: true });
      both = await start();
    },
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Modules of Java that Flink looks into, as its own scripts open them. */
const opened = [
  ...["java.lang", "java.lang.reflect", "java.net", "java.nio", "java.text", "java.time", "java.util"],
  ...["java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.net.util"],
];

/** Its jars and what they need, from Maven's folder; the first time from a repository. */
async function fetched(): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-maven-"));
  try {
    const list = join(folder, "class-path");
    const pom = new URL("./flink/pom.xml", import.meta.url).pathname;
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";
    const ask = (...more: readonly string[]) =>
      promisify(execFile)("mvn", ["-B", "-q", "-C", ...more, "-f", pom, goal, `-Dmdep.outputFile=${list}`], {
        timeout: 300_000,
        env: { ...process.env, MAVEN_OPTS: "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1" },
      });
    await ask("-o").catch(() => ask());
    return (await readFile(list, "utf8")).trim().split(":");
  } catch (cause) {
    const hint = "it needs Maven (apt-get install maven) and, the first time, a Maven repository that it can reach";
    throw new Error(`Flink could not be fetched: ${hint}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A job of Flink's example `SocketWindowWordCount` runs for as long as the test holds its socket, and then succeeds. */
export interface JobControl {
  readonly arguments: readonly string[];
  /** How many jobs are connected now. */
  running(): number;
  /** Lets all of them end. */
  finish(): void;
  close(): Promise<void>;
}

export const controlledClass = "org.apache.flink.streaming.examples.socket.SocketWindowWordCount";

export async function jobControl(): Promise<JobControl> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    arguments: ["--hostname", "127.0.0.1", "--port", String(port)],
    running: () => sockets.size,
    finish: () => {
      for (const socket of sockets) socket.end();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
