// Opens a connection to another process of the cluster.

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { OperationError } from "../model/operation-error.ts";
import { openConnection } from "./connection.ts";
import type { Connection, ConnectTarget } from "./contract.ts";

const limitMs = 5_000;

export async function connect(target: ConnectTarget): Promise<Connection> {
  const { host, port, settings, signal } = target;
  const address = `${host}:${port}`;
  checkSecret(settings.secret);
  const socket = await openSocket(target, address);
  const giveUp = (): void => void socket.destroy();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await openConnection(socket, address, "client", settings);
  } catch (error) {
    if (signal.aborted) throw new OperationError("aborted", `connecting to ${address} was given up`, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

export function checkSecret(secret: string): void {
  if (secret.length > 0) return;
  throw new OperationError("invalid", "the cluster secret is empty: set the same one for every process of the cluster");
}

function openSocket({ host, port, settings: { tls }, signal }: ConnectTarget, address: string): Promise<Socket> {
  if (signal.aborted) return Promise.reject(new OperationError("aborted", `connecting to ${address} was given up`));
  return new Promise((resolve, reject) => {
    // The certificate authority is the cluster's own and members are found by address, so a certificate need not name its host;
    // that the other side is who it says is proven by the handshake.
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ host, port, ...tls, checkServerIdentity: () => undefined });
    const isOpen = tls === undefined ? "connect" : "secureConnect";
    const fail = (error: OperationError): void => {
      done();
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error): void =>
      fail(new OperationError("unavailable", `cannot connect to ${address}: ${cause.message}`, { cause }));
    const onAbort = (): void => fail(new OperationError("aborted", `connecting to ${address} was given up`));
    const timer = setTimeout(
      () => fail(new OperationError("unavailable", `${address} did not accept a connection within ${limitMs} ms`)),
      limitMs,
    );
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
    };
    socket.once("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(isOpen, () => {
      done();
      resolve(socket);
    });
  });
}
