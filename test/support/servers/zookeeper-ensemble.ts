// Three private ZooKeepers that are one, for a test.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, type ServerProcess, startServerProcess } from "./server-process.ts";

export interface ZookeeperEnsemble {
  /** `host:port,host:port,host:port`. */
  readonly connect: string;
  /** Kills the one that leads; resolves to what starts it again. */
  killLeader(): Promise<() => Promise<void>>;
  /** SIGSTOP to the one that leads; resolves to what lets it go on. */
  freezeLeader(): Promise<() => void>;
  stop(): Promise<void>;
}

const classes = ["/usr/share/java/zookeeper.jar", "/usr/share/java/slf4j-simple.jar"];

export async function startZookeeperEnsemble(): Promise<ZookeeperEnsemble> {
  const folder = await mkdtemp(join(tmpdir(), "porpoise-zookeepers-"));
  const ports: { readonly client: number; readonly peer: number; readonly election: number }[] = [];
  for (let count = 0; count < 3; count += 1) {
    ports.push({ client: await freePort(), peer: await freePort(), election: await freePort() });
  }
  const members = ports.map(({ peer, election }, at) => `server.${at + 1}=127.0.0.1:${peer}:${election}`);
  const running: ServerProcess[] = [];

  const start = async (at: number): Promise<void> => {
    const own = join(folder, String(at + 1));
    const { client } = ports[at] as { readonly client: number }; // one for each of the three
    await mkdir(join(own, "data"), { recursive: true });
    await writeFile(join(own, "data", "myid"), String(at + 1));
    const settings = [
      ...["tickTime=500", "initLimit=10", "syncLimit=4", `dataDir=${join(own, "data")}`, `clientPort=${client}`],
      ...["clientPortAddress=127.0.0.1", "admin.enableServer=false", "4lw.commands.whitelist=*", "maxClientCnxns=0"],
    ];
    await writeFile(join(own, "zoo.cfg"), [...settings, ...members].map((line) => `${line}\n`).join(""));
    running[at] = await startServerProcess({
      name: "ZooKeeper",
      command: "/usr/bin/java",
      args: [
        ...["-Xmx96m", "-XX:+UseSerialGC", "-cp", [own, ...classes].join(":")],
        ...["org.apache.zookeeper.server.quorum.QuorumPeerMain", join(own, "zoo.cfg")],
      ],
      isReady: async () => (await ask(client, "ruok")) === "imok",
    });
  };
  const leader = async (): Promise<number> => {
    for (const end = performance.now() + 30_000; performance.now() < end; await delay(100)) {
      for (const [at, { client }] of ports.entries()) {
        if (/Mode: leader/.test(await ask(client, "srvr"))) return at;
      }
    }
    throw new Error("the three ZooKeepers have chosen no leader");
  };
  await Promise.all([0, 1, 2].map(start));
  await leader();

  return {
    connect: ports.map(({ client }) => `127.0.0.1:${client}`).join(","),
    killLeader: async () => {
      const at = await leader();
      await running[at]?.kill();
      return () => start(at);
    },
    freezeLeader: async () => {
      const at = await leader();
      running[at]?.pause();
      return () => running[at]?.resume();
    },
    stop: async () => {
      await Promise.all(running.map((server) => server.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function ask(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once("error", () => {});
    socket.once("connect", () => socket.write(word));
    socket.on("data", (bytes) => {
      said += bytes.toString();
    });
    socket.once("close", () => resolve(said));
  });
}
