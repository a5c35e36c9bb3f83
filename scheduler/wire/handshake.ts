// How two processes prove to each other that they know the cluster's secret, without sending it.
//
//   client → hello {nonce, greeting}          server → hello {nonce, greeting}
//   client → proof HMAC(secret, "client", both hellos)
//   server → proof HMAC(secret, "server", both hellos), or refused {message}
//
// Each proof covers both random numbers (no replay), both greetings (nobody alters a name) and the side (no echo).

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { knownIncarnation } from "../model/ids.ts";
import { OperationError } from "../model/operation-error.ts";
import type { WireSettings } from "./contract.ts";
import type { FrameSocket } from "./frame-socket.ts";
import type { Greeting } from "./messages.ts";

const protocol = "porpoise/1";
const limitMs = 5_000;
const differentSecret = "the cluster secret of the two sides differs: give every process of the cluster the same one";

type Side = "client" | "server";

/** What the other side may have sent; nothing of it is taken for granted. */
interface Said {
  readonly kind?: unknown;
  readonly protocol?: unknown;
  readonly nonce?: unknown;
  readonly greeting?: unknown;
  readonly mac?: unknown;
  readonly message?: unknown;
}

interface Hello {
  readonly kind: "hello";
  readonly protocol: string;
  readonly nonce: string;
  readonly greeting: Greeting;
}

export interface Greetings {
  readonly self: Greeting;
  readonly peer: Greeting;
}

/** Resolves to what both said of themselves once both have proven themselves; else ends the socket and rejects with the reason. */
export async function handshake(frames: FrameSocket, side: Side, settings: WireSettings): Promise<Greetings> {
  const timer = setTimeout(() => {
    frames.end(
      new OperationError("unavailable", `${frames.address} did not finish the handshake within ${limitMs} ms`),
    );
  }, limitMs);
  try {
    return side === "client" ? await shakeAsClient(frames, settings) : await shakeAsServer(frames, settings);
  } catch (cause) {
    const reason =
      cause instanceof OperationError
        ? cause
        : new OperationError("invalid", `the handshake with ${frames.address} failed: ${String(cause)}`, { cause });
    frames.end(reason);
    throw reason;
  } finally {
    clearTimeout(timer);
  }
}

async function shakeAsClient(frames: FrameSocket, settings: WireSettings): Promise<Greetings> {
  const mine = hello(settings.greeting);
  frames.send(mine);
  const theirs = readHello(await next(frames), frames.address);
  frames.send({ kind: "proof", mac: proof(settings.secret, "client", mine, theirs) });
  checkProof(await next(frames), proof(settings.secret, "server", mine, theirs), frames.address);
  return { self: mine.greeting, peer: theirs.greeting };
}

async function shakeAsServer(frames: FrameSocket, settings: WireSettings): Promise<Greetings> {
  const theirs = readHello(await next(frames), frames.address);
  const mine = hello(settings.greeting);
  frames.send(mine);
  try {
    checkProof(await next(frames), proof(settings.secret, "client", theirs, mine), frames.address);
  } catch (error) {
    frames.send({ kind: "refused", message: differentSecret });
    throw error;
  }
  frames.send({ kind: "proof", mac: proof(settings.secret, "server", theirs, mine) });
  return { self: mine.greeting, peer: theirs.greeting };
}

const hello = (greeting: Greeting): Hello => ({
  kind: "hello",
  protocol,
  nonce: randomBytes(32).toString("base64"),
  greeting,
});

function proof(secret: string, side: Side, ofClient: Hello, ofServer: Hello): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([protocol, side, ofClient, ofServer]))
    .digest("base64");
}

function next(frames: FrameSocket): Promise<Said> {
  return new Promise((resolve, reject) => {
    const onClosed = (): void => reject(frames.closed.reason);
    if (frames.closed.aborted) return onClosed();
    frames.closed.addEventListener("abort", onClosed, { once: true });
    frames.receive((frame) => {
      // The other side may go on speaking at once: what follows waits for the connection's own listener.
      frames.receive(undefined);
      frames.closed.removeEventListener("abort", onClosed);
      if (typeof frame.json === "object" && frame.json !== null) resolve(frame.json);
      else reject(new OperationError("invalid", `${frames.address} does not speak this protocol`));
    });
  });
}

function readHello(said: Said, address: string): Hello {
  const { kind, protocol: spoken, nonce, greeting } = said;
  if (kind === "refused") throw refused(address, said);
  if (kind !== "hello" || typeof spoken !== "string" || typeof nonce !== "string") {
    throw new OperationError("invalid", `${address} does not speak this protocol`);
  }
  if (spoken !== protocol) {
    throw new OperationError(
      "invalid",
      `${address} speaks ${spoken}, this build speaks ${protocol}: run the same build everywhere`,
    );
  }
  if (!isGreeting(greeting)) throw new OperationError("invalid", `${address} does not say who it is`);
  return { kind, protocol: spoken, nonce, greeting };
}

function isGreeting(value: unknown): value is Greeting {
  if (typeof value !== "object" || value === null || !("role" in value) || !("incarnation" in value)) return false;
  const { role, incarnation } = value;
  return (
    (role === "api" || role === "master" || role === "worker") &&
    typeof incarnation === "string" &&
    knownIncarnation(incarnation).length > 0
  );
}

function checkProof(said: Said, expected: string, address: string): void {
  if (said.kind === "refused") throw refused(address, said);
  const mac = said.mac;
  const isRight =
    said.kind === "proof" &&
    typeof mac === "string" &&
    Buffer.byteLength(mac) === expected.length &&
    timingSafeEqual(Buffer.from(mac), Buffer.from(expected));
  if (!isRight)
    throw new OperationError(
      "refused",
      `${address} could not prove that it belongs to this cluster: ${differentSecret}`,
    );
}

function refused(address: string, said: Said): OperationError {
  const why = said.message;
  return new OperationError(
    "refused",
    `${address} refused the connection: ${typeof why === "string" ? why : "it gave no reason"}`,
  );
}
