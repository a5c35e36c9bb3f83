// A private ZooKeeper for a test: one server, an own folder, a free loopback port, ticks of half a second.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, startServerProcess } from "./server-process.ts";

export interface ZookeeperServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** `host:port`. */
  readonly connect: string;
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Starts it again on the same port and folder; ends it first where it still runs. */
  restart(): Promise<void>;
  /** Ends it, forgets everything, starts it again on the same port. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

export async function startZookeeper(): Promise<ZookeeperServer> {
  const classes = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-simple.jar"];
  const java = "/usr/bin/java";
  if (![...classes, java].every((path) => existsSync(path))) {
    throw new Error(
      "ZooKeeper is not installed, this test needs it: apt-get install zookeeper default-jre-headless libslf4j-java",
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "porpoise-zookeeper-"));
  const port = await freePort();
  const data = join(folder, "data");
  const configuration = {
    tickTime: 500,
    dataDir: data,
    clientPort: port,
    clientPortAddress: "127.0.0.1",
    "admin.enableServer": false,
    "4lw.commands.whitelist": "*",
    maxClientCnxns: 0,
  };
  await writeFile(
    join(folder, "zoo.cfg"),
    Object.entries(configuration)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );

  const start = async (): Promise<ServerProcess> => {
    await mkdir(data, { recursive: true });
    return startServerProcess({
      name: "ZooKeeper",
      command: java,
      args: [
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-cp",
        [folder, ...classes].join(":"),
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        join(folder, "zoo.cfg"),
      ],
      isReady: () => answers(port),
    });
  };

  let server = await start();
  return {
    host: "127.0.0.1",
    port,
    connect: `127.0.0.1:${port}`,
    pause: () => server.pause(),
    resume: () => server.resume(),
    kill: () => server.kill(),
    restart: async () => {
      await server.stop();
      server = await start();
    },
    wipe: async () => {
      await server.kill();
      await rm(data, { recursive: true, force: true });
      server = await start();
    },
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    const end = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once("error", () => end(false));
    socket.once("connect", () => socket.write("ruok"));
    socket.on("data", (bytes) => {
      said += bytes.toString();
      if (said === "imok") end(true);
    });
    socket.once("close", () => end(said === "imok"));
  });
}
