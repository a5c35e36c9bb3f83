// node-zookeeper-client 1.1.3, made safe. Nobody maintains it any more; each of its known faults is dealt with here or in
// `zookeeper-session.ts`, where its number stands:
//
//   1 a frozen server is not noticed, and a frozen host is waited for before the next is tried
//   2 a connection that is cut inside a frame leaves half of it to the next connection, which then understands nothing
//   3 transactions send version 0 as −1: a compare-and-set that is none            → none are used: each node has one writer
//   4 what is queued while disconnected never ends, or is carried out much later
//   5 after `expired` the object is dead; a wiped server is asked for ever          → one object a session
//   6 authentication goes behind what is queued already                             → none is used: nothing secret lies there
//   7 more than 1 MB of watches connects for ever; the first request has number 0; what a callback throws ends the process
//   8 a new session may meet its own old node                                       → see `zookeeper-session.ts`
//   9 a lost connection says nothing about what became of a request                 → see `zookeeper-lock.ts`

import { type Client, createClient, Exception } from "node-zookeeper-client";

export interface SafeClient {
  readonly client: Client;
  /** Whether requests go out now; elsewhere they must not be made. */
  isConnected(): boolean;
  /** Cuts the connection; another one is tried at once. */
  reconnect(): void;
  /** Call now and then: a server that accepts a connection and says nothing is left for the next one. */
  checkConnecting(): void;
  /** Ends everything, for good; nothing is left. */
  kill(): void;
}

/** States of its connection manager. */
const connecting = 1;
const connected = 2;
const closing = -1;

/** Well before the numbers get negative, where some have a meaning. */
const lastRequestNumber = 0x3fff_ffff;
const longestPauseMs = 300;

export function safeClient(connect: string, sessionTimeoutMs: number): SafeClient {
  const client = createClient(connect, { sessionTimeout: sessionTimeoutMs, spinDelay: longestPauseMs, retries: 0 });
  const manager = client.connectionManager;
  let isDead = false;
  let pause: NodeJS.Timeout | undefined;
  let connectedMs = Number.POSITIVE_INFINITY;
  let tried = 0;

  // Its methods are looked up on the object at each connection, so these take their place.
  const inherited = {
    updateTimeout: manager.updateTimeout.bind(manager),
    onSocketConnected: manager.onSocketConnected.bind(manager),
    onSocketClosed: manager.onSocketClosed.bind(manager),
    onSocketData: manager.onSocketData.bind(manager),
  };

  // Fault 7: number 0 would be taken for none.
  manager.xid = 1;

  // Fault 1: a third of the session for each try, not all of it divided by the servers.
  manager.updateTimeout = (timeoutMs) => {
    inherited.updateTimeout(timeoutMs);
    manager.connectTimeout = Math.min(manager.connectTimeout, Math.floor(timeoutMs / 3));
  };
  manager.updateTimeout(sessionTimeoutMs);

  // Its own one leaves a timer behind that connects after the end.
  manager.findNextServer = (found) => {
    const server = manager.servers[manager.nextServerIndex % manager.servers.length];
    manager.nextServerIndex = (manager.nextServerIndex + 1) % manager.servers.length;
    tried += 1;
    const isRoundOver = tried % manager.servers.length === 0;
    pause = setTimeout(
      () => {
        if (!isDead && server !== undefined) found(server);
      },
      isRoundOver ? Math.random() * longestPauseMs : 0,
    );
  };

  manager.onSocketConnected = () => {
    connectedMs = performance.now();
    inherited.onSocketConnected();
  };

  manager.onSocketClosed = (hasError) => {
    connectedMs = Number.POSITIVE_INFINITY;
    if (manager.connectTimeoutHandler !== null) clearTimeout(manager.connectTimeoutHandler);
    // Fault 2.
    manager.pendingBuffer = null;
    // Fault 4: what has not left yet has failed, and must not be carried out by a later connection.
    const queued = manager.packetQueue.queue;
    manager.packetQueue.queue = [];
    for (const { callback } of queued) callback?.(Exception.create(Exception.CONNECTION_LOSS));
    if (isDead) manager.state = closing;
    inherited.onSocketClosed(hasError);
  };

  manager.onSocketData = (bytes) => {
    try {
      inherited.onSocketData(bytes);
    } catch {
      // Fault 7: an answer it does not know (newer error codes, events) throws in the middle of its books. A fresh connection
      // has fresh ones.
      manager.socket?.destroy();
    }
    if (manager.xid > lastRequestNumber) manager.xid = 1;
  };

  return {
    client,
    isConnected: () => !isDead && manager.state === connected,
    reconnect: () => void manager.socket?.destroy(),
    checkConnecting: () => {
      // Fault 1: its timer ends when TCP is connected, which a frozen host's kernel does by itself.
      const isWaiting = manager.state === connecting && performance.now() - connectedMs > manager.connectTimeout;
      if (isWaiting) manager.socket?.destroy();
    },
    kill: () => {
      isDead = true;
      clearTimeout(pause);
      if (manager.connectTimeoutHandler !== null) clearTimeout(manager.connectTimeoutHandler);
      manager.state = closing;
      client.removeAllListeners();
      manager.socket?.destroy();
    },
  };
}
