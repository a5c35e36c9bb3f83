import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect } from "../../scheduler/wire/connect.ts";
import type { WireSettings } from "../../scheduler/wire/contract.ts";
import { listen } from "../../scheduler/wire/listen.ts";
import { wireSettings } from "../support/wire.ts";
import { eventually } from "../support/worker.ts";

const signal = new AbortController().signal;

test("with a certificate everything goes through TLS, and strangers to it are refused", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "porpoise-tls-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const tls = certificate(t, folder, "cluster");
  if (tls === undefined) return t.skip("openssl is not installed");
  const refusals: string[] = [];
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    settings: { ...wireSettings("master", { ok: async () => ({ body: { yes: 1 } }) }), tls },
    onRefused: (error) => refusals.push(error.message),
  });
  t.after(() => server.close());
  const target = { host: "127.0.0.1", port: server.port, signal };
  const client = await connect({ ...target, settings: { ...wireSettings("worker"), tls } });
  assert.deepEqual((await client.request("ok", {})).body, { yes: 1 });
  client.close();

  const other = certificate(t, folder, "other");
  assert.ok(other !== undefined);
  await assert.rejects(
    connect({ ...target, settings: { ...wireSettings("worker"), tls: other } }),
    /cannot connect|broke|ended/,
  );
  const plain = connectTcp(server.port, "127.0.0.1");
  plain.on("error", () => {});
  plain.write("hello there, this is no TLS\n");
  await eventually(() => (refusals.length >= 1 ? true : undefined), "a refusal");
  plain.destroy();
});

function certificate(t: TestContext, folder: string, name: string): WireSettings["tls"] {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = `/CN=${name}`;
  try {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        key,
        "-out",
        cert,
        "-subj",
        subject,
      ],
      { stdio: "ignore" },
    );
  } catch (error) {
    t.diagnostic(String(error));
    return undefined;
  }
  const text = readFileSync(cert, "utf8");
  return { key: readFileSync(key, "utf8"), cert: text, ca: text };
}
