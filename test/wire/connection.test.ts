import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { OperationError } from "../../scheduler/model/operation-error.ts";
import { connect } from "../../scheduler/wire/connect.ts";
import type { Connection, Handlers, WireServer } from "../../scheduler/wire/contract.ts";
import { listen } from "../../scheduler/wire/listen.ts";
import { wireSettings } from "../support/wire.ts";

const signal = new AbortController().signal;

test("a request is answered, in both directions, with binary parts", async (t) => {
  const { client, server } = await pair(t, {
    double: async ({ body }: { body: { n: number } }, from) => {
      const asked = await from.request<{ name: string }>("name", {});
      return { body: { n: body.n * 2, of: asked.body.name } };
    },
    turn: async ({ binary }) => ({ body: {}, binary: Buffer.from(binary ?? []).reverse() }),
  });
  assert.deepEqual((await client.request("double", { n: 21 })).body, { n: 42, of: "client" });
  const { binary } = await client.request("turn", {}, { binary: Buffer.from([1, 2, 3]) });
  assert.deepEqual([...(binary ?? [])], [3, 2, 1]);
  assert.equal(client.peer.role, "master");
  assert.equal([...server.connections][0]?.peer.role, "worker");
});

test("a large binary part arrives whole", async (t) => {
  const { client } = await pair(t, {
    length: async ({ binary }) => ({ body: { sum: sum(binary ?? new Uint8Array()) } }),
  });
  const bytes = Buffer.alloc(20_000_000, 7);
  assert.deepEqual((await client.request("length", {}, { binary: bytes })).body, { sum: 140_000_000 });
});

test("more than a frame may hold is refused by the sender, and the connection lives on", async (t) => {
  const { client } = await pair(t, { ok: async () => ({ body: {} }) });
  await assert.rejects(
    client.request("ok", {}, { binary: Buffer.alloc(65 * 1024 * 1024) }),
    isError("invalid", /send it in parts/),
  );
  await client.request("ok", {});
});

test("what a handler rejects with arrives with its code", async (t) => {
  const { client } = await pair(t, {
    no: async () => {
      throw new OperationError("conflict", "it is over");
    },
    bug: async () => {
      throw new TypeError("x is not a function");
    },
  });
  await assert.rejects(client.request("no", {}), isError("conflict", /it is over/));
  await assert.rejects(client.request("bug", {}), isError("unavailable", /x is not a function/));
  await assert.rejects(client.request("what", {}), isError("invalid", /a master does not answer `what`/));
  await assert.rejects(client.request("toString", {}), isError("invalid", /does not answer/));
});

test("a request without an answer ends at its deadline", async (t) => {
  const { client } = await pair(t, { never: () => new Promise(() => {}) });
  await assert.rejects(client.request("never", {}, { deadlineMs: 30 }), isError("unavailable", /within 30 ms/));
});

test("open requests fail when the connection ends", async (t) => {
  const { client, server } = await pair(t, { never: () => new Promise(() => {}) });
  const asked = assert.rejects(client.request("never", {}), isError("unavailable", /connection/));
  for (const connection of server.connections) connection.close();
  await asked;
  assert.equal(client.closed.aborted, true);
  await assert.rejects(client.request("never", {}), isError("unavailable", /connection/));
});

test("another secret is refused, and both sides say so", async (t) => {
  const refusals: OperationError[] = [];
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    settings: wireSettings("master", {}, "one"),
    onRefused: (error) => refusals.push(error),
  });
  t.after(() => server.close());
  const tried = connect({ host: "127.0.0.1", port: server.port, settings: wireSettings("worker", {}, "two"), signal });
  await assert.rejects(tried, isError("refused", /cluster secret of the two sides differs/));
  assert.equal(refusals[0]?.code, "refused");
  assert.equal(server.connections.size, 0);
});

test("the secret never crosses the wire", async (t) => {
  const seen: Buffer[] = [];
  const { client, server } = await pair(t, { ok: async () => ({ body: {} }) });
  const relay = createServer((socket) => {
    const onward = connectTcp(server.port, "127.0.0.1");
    socket.on("data", (bytes: Buffer) => seen.push(bytes));
    onward.on("data", (bytes: Buffer) => seen.push(bytes));
    socket.pipe(onward).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  const address = relay.address();
  assert.ok(typeof address === "object" && address !== null);
  const relayed = await connect({ host: "127.0.0.1", port: address.port, settings: wireSettings("worker"), signal });
  await relayed.request("ok", {});
  relayed.close();
  client.close();
  relay.close();
  assert.ok(seen.length >= 4);
  assert.equal(Buffer.concat(seen).includes("a secret for tests"), false);
});

test("garbage ends the connection and nothing else", async (t) => {
  const refusals: OperationError[] = [];
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    settings: wireSettings("master", { ok: async () => ({ body: {} }) }),
    onRefused: (error) => refusals.push(error),
  });
  t.after(() => server.close());
  const frame = (text: string): Buffer => {
    const json = Buffer.from(text);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(json.length + 4, 0);
    head.writeUInt32BE(json.length, 4);
    return Buffer.concat([head, json]);
  };
  const nonsense = [
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    Buffer.alloc(100),
    Buffer.from([0, 0, 0, 8, 0, 0, 0, 99, 1, 2, 3, 4]),
    frame("not json"),
    frame("null"),
    frame("[]"),
    frame('{"kind":"hello","protocol":"porpoise/99","nonce":""}'),
    frame('{"kind":"hello","protocol":"porpoise/1","nonce":"","greeting":{"role":"king"}}'),
    frame('{"kind":"proof"}'),
  ];
  for (const bytes of nonsense) {
    const socket: Socket = connectTcp(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    socket.resume();
    await once(socket, "close");
  }
  assert.deepEqual(
    refusals.map((refusal) => refusal.code),
    nonsense.map(() => "invalid"),
  );
  const client = await connect({ host: "127.0.0.1", port: server.port, settings: wireSettings("worker"), signal });
  await client.request("ok", {});
  client.close();
});

test("a port in use is named, with what to do", async (t) => {
  const server = await listen({ host: "127.0.0.1", port: 0, settings: wireSettings("api") });
  t.after(() => server.close());
  await assert.rejects(
    listen({ host: "127.0.0.1", port: server.port, settings: wireSettings("api") }),
    isError("conflict", new RegExp(`port ${server.port} on 127.0.0.1 is in use.*another port`)),
  );
});

test("nobody listening is unavailable, an empty secret is invalid, giving up is aborted", async () => {
  const settings = wireSettings("worker");
  await assert.rejects(
    connect({ host: "127.0.0.1", port: 1, settings, signal }),
    isError("unavailable", /127.0.0.1:1/),
  );
  await assert.rejects(
    connect({ host: "127.0.0.1", port: 1, settings: { ...settings, secret: "" }, signal }),
    isError("invalid", /secret is empty/),
  );
  await assert.rejects(
    connect({ host: "127.0.0.1", port: 1, settings, signal: AbortSignal.abort() }),
    isError("aborted", /given up/),
  );
});

test("requests beyond the window wait their turn and all are answered", async (t) => {
  let most = 0;
  let now = 0;
  const { client } = await pair(t, {
    slow: async ({ body }: { body: { n: number } }) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { body: { n: body.n } };
    },
  });
  const answers = await Promise.all(
    Array.from({ length: 10_000 }, (_, n) => client.request<{ n: number }>("slow", { n }, { deadlineMs: 30_000 })),
  );
  assert.deepEqual(
    answers.map((answer) => answer.body.n),
    Array.from({ length: 10_000 }, (_, n) => n),
  );
  assert.ok(most <= 4_096, `${most} at once`);
});

async function pair(t: TestContext, handlers: Handlers): Promise<{ client: Connection; server: WireServer }> {
  const server = await listen({ host: "127.0.0.1", port: 0, settings: wireSettings("master", handlers) });
  t.after(() => server.close());
  const settings = wireSettings("worker", { name: async () => ({ body: { name: "client" } }) });
  const client = await connect({ host: "127.0.0.1", port: server.port, settings, signal });
  return { client, server };
}

const isError = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof OperationError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0);
