// A TCP proxy that a test puts between two processes, to cut, hold back or swallow what they say to each other.

import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** New and old connections go through. */
  open(): void;
  /** Every connection breaks, and none is taken, until it is opened. */
  cut(): void;
  /** Nothing goes through in either direction, as on a cable that is out; it comes when it is opened. */
  hold(): void;
  /** Requests go through, answers do not; with opening, connections that missed some break. */
  swallowReplies(): void;
  /** How many replies were swallowed so far. */
  swallowed(): number;
  /** The next reply breaks off in its middle, and the connection with it. */
  cutNextReply(): void;
  /** Each piece takes so long, either way. */
  delay(ms: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: number, port = 0): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const hasMissed = new WeakSet<Socket>();
  let mode: "open" | "cut" | "held" | "swallowing" = "open";
  let delayMs = 0;
  let mustCutReply = false;
  let swallowed = 0;

  const breakPair = (pair: readonly [Socket, Socket]): void => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  const carry = (from: Socket, to: Socket, isReply: boolean): void => {
    // One after the other also where the delay changes in between.
    let last = Promise.resolve();
    from.on("data", (bytes: Buffer) => {
      if (isReply && mustCutReply) {
        mustCutReply = false;
        to.end(bytes.subarray(0, Math.floor(bytes.length / 2)));
        return;
      }
      if (isReply && mode === "swallowing") {
        hasMissed.add(from);
        swallowed += 1;
        return;
      }
      if (delayMs === 0) {
        last = last.then(() => void to.write(bytes));
        return;
      }
      const due = new Promise<void>((resolve) => setTimeout(resolve, delayMs));
      last = Promise.all([last, due]).then(() => void to.write(bytes));
    });
  };
  const server = createServer((client) => {
    if (mode === "cut") {
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => breakPair(pair));
    }
    carry(client, upstream, false);
    carry(upstream, client, true);
    if (mode === "held") for (const socket of pair) socket.pause();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();

  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    open: () => {
      mode = "open";
      delayMs = 0;
      for (const pair of [...pairs]) {
        // Half of a conversation is none.
        if (hasMissed.has(pair[1])) breakPair(pair);
        else for (const socket of pair) socket.resume();
      }
    },
    cut: () => {
      mode = "cut";
      for (const pair of [...pairs]) breakPair(pair);
    },
    hold: () => {
      mode = "held";
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    swallowReplies: () => {
      mode = "swallowing";
    },
    swallowed: () => swallowed,
    cutNextReply: () => {
      mustCutReply = true;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    close: () =>
      new Promise((resolve) => {
        for (const pair of [...pairs]) breakPair(pair);
        server.close(() => resolve());
      }),
  };
}
