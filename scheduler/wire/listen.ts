// Waits for the other processes of the cluster.

import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { OperationError } from "../model/operation-error.ts";
import { checkSecret } from "./connect.ts";
import { openConnection } from "./connection.ts";
import type { Connection, ListenOptions, WireServer, WireSettings } from "./contract.ts";

/** Strangers that may shake hands at the same time. */
const maxStrangers = 256;

export async function listen(options: ListenOptions): Promise<WireServer> {
  const { host, port, settings } = options;
  checkSecret(settings.secret);
  const connections = new Set<Connection>();
  const sockets = new Set<Socket>();
  let strangers = 0;

  const accept = async (socket: Socket): Promise<void> => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (strangers >= maxStrangers) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    strangers += 1;
    try {
      const connection = await openConnection(
        socket,
        `${socket.remoteAddress}:${socket.remotePort}`,
        "server",
        settings,
      );
      connections.add(connection);
      const forget = (): void => void connections.delete(connection);
      if (connection.closed.aborted) forget();
      else connection.closed.addEventListener("abort", forget, { once: true });
      options.onConnection?.(connection);
    } catch (error) {
      if (error instanceof OperationError) options.onRefused?.(error);
      else throw error;
    } finally {
      strangers -= 1;
    }
  };

  const server = openServer(settings, (socket) => void accept(socket));
  server.on("tlsClientError", (cause: Error) => {
    options.onRefused?.(new OperationError("refused", `a TLS connection was refused: ${cause.message}`, { cause }));
  });
  const bound = await bind(server, host, port);
  return {
    host,
    port: bound,
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.close();
        for (const socket of sockets) if (!socket.writableEnded) socket.destroy();
      }),
  };
}

function openServer({ tls }: WireSettings, accept: (socket: Socket) => void): Server {
  if (tls === undefined) return createServer(accept);
  return createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, accept);
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      server.on("error", () => {});
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): OperationError {
  switch (cause.code) {
    case "EADDRINUSE":
      return new OperationError(
        "conflict",
        `port ${port} on ${host} is in use by another process: end that one, or give this one another port`,
        { cause },
      );
    case "EACCES":
      return new OperationError(
        "refused",
        `port ${port} on ${host} needs rights that this process lacks: choose one above 1023`,
        {
          cause,
        },
      );
    default:
      return new OperationError("unavailable", `cannot listen on ${host}:${port}: ${cause.message}`, { cause });
  }
}
