import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { SMTPServer } from "smtp-server";
import { type MailSettings, noMail } from "../../scheduler/master/alert-channels.ts";
import { deliverAlerts } from "../../scheduler/master/alert-delivery.ts";
import type { AlertChannel } from "../../scheduler/model/alert.ts";
import { alerts } from "../../scheduler/store/alerts.ts";
import { type Database, openDatabase } from "../../scheduler/store/database.ts";
import { cipher } from "../../scheduler/store/encryption.ts";
import { migrate } from "../../scheduler/store/migrations.ts";
import { alertGroups, putResource } from "../../scheduler/store/resources.ts";

const vault = cipher("a secret for tests");
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A database with one alert that is due, and its group's channels. */
async function setUp(t: TestContext, channels: readonly AlertChannel[] | undefined) {
  const opened = await openDatabase({ type: "sqlite", file: ":memory:" });
  t.after(() => opened.close());
  await migrate(opened);
  let aheadMs = 0;
  const database: Database = { ...opened, nowMs: () => opened.nowMs() + aheadMs };
  const { knex } = database;
  await knex("workflow").insert({ id: 1, project: "retail", name: "sales", version: 1 });
  await knex("workflow_instance").insert({ id: 7, workflow_id: 1 });
  await knex("alert").insert({
    origin: "7:1:outcome",
    kind: "outcome",
    workflow_instance_id: 7,
    alert_group: "oncall",
    title: "retail/sales failed",
    body: "task load failed",
    raised_at: database.nowMs(),
    next_try_at: database.nowMs(),
    state: "pending",
  });
  if (channels !== undefined) {
    const sealedChannels = vault.seal(JSON.stringify(channels));
    await putResource(database, alertGroups, { name: "oncall", description: "", sealedChannels });
  }
  return {
    database,
    deliver: (mail: MailSettings = noMail) => deliverAlerts({ database, cipher: vault, mail, log: silent }),
    later: (ms: number) => {
      aheadMs += ms;
    },
    alert: async () => {
      const [one] = await alerts(database, { limit: 10 });
      assert.ok(one);
      return one;
    },
  };
}

/** A server that answers what it is told to, and keeps what it was sent. */
async function webhook(t: TestContext, status: () => number) {
  const got: { readonly body: { readonly [key: string]: unknown }; readonly headers: IncomingMessage["headers"] }[] =
    [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    got.push({ body: JSON.parse(text), headers: request.headers });
    response.writeHead(status()).end("thanks");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { got, url: `http://127.0.0.1:${port}/hook/secret` };
}

test("an alert is posted once, with what it tells of, and keeps the answer", async (t) => {
  const hook = await webhook(t, () => 200);
  const at = await setUp(t, [{ kind: "webhook", url: hook.url, headers: { "X-Key": "k" } }]);
  assert.equal(await at.deliver(), 1);
  assert.equal(await at.deliver(), 0);
  const [sent] = hook.got;
  assert.equal(hook.got.length, 1);
  assert.equal(sent?.headers["x-key"], "k");
  assert.deepEqual(
    [sent?.body["text"], sent?.body["project"], sent?.body["instance"]],
    ["retail/sales failed\ntask load failed", "retail", "7"],
  );
  const { state, deliveries } = await at.alert();
  assert.equal(state, "delivered");
  assert.deepEqual(
    deliveries.map(({ ok, answer, to }) => [ok, answer, to.includes("secret")]),
    [[true, "200 OK: thanks", false]],
  );
});

test("what did not arrive is tried again later, where it did arrive it is not", async (t) => {
  let status = 500;
  const [flaky, sound] = [await webhook(t, () => status), await webhook(t, () => 200)];
  const at = await setUp(t, [
    { kind: "webhook", url: flaky.url, headers: {} },
    { kind: "webhook", url: sound.url, headers: {} },
  ]);
  await at.deliver();
  assert.equal((await at.alert()).state, "pending");
  assert.equal(await at.deliver(), 0);
  status = 204;
  at.later(10_001);
  assert.equal(await at.deliver(), 1);
  assert.deepEqual([(await at.alert()).state, flaky.got.length, sound.got.length], ["delivered", 2, 1]);
});

test("after six tries within an hour it has failed, visibly", async (t) => {
  const at = await setUp(t, undefined);
  for (let round = 0; round < 10; round += 1) {
    await at.deliver();
    at.later(30 * 60_000);
  }
  const { state, tries, deliveries } = await at.alert();
  assert.deepEqual([state, tries, deliveries.length], ["failed", 6, 6]);
  assert.match(deliveries[0]?.answer ?? "", /no alert group "oncall": create it/);
});

test("an alert of a master that died with it is another one's after two minutes", async (t) => {
  const hook = await webhook(t, () => 200);
  const at = await setUp(t, [{ kind: "webhook", url: hook.url, headers: {} }]);
  await at.database.knex("alert").update({ next_try_at: at.database.nowMs() + 120_000, tries: 1 });
  assert.equal(await at.deliver(), 0);
  at.later(120_001);
  assert.equal(await at.deliver(), 1);
  assert.equal((await at.alert()).state, "delivered");
});

test("an alert is mailed", async (t) => {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, _session, done) => {
      let text = "";
      stream.on("data", (part: Buffer) => {
        text += part;
      });
      stream.on("end", () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const at = await setUp(t, [{ kind: "mail", to: ["oncall@example.com"] }]);
  await at.deliver({ ...noMail, host: "127.0.0.1", port, from: "porpoise@example.com" });
  const { state, deliveries } = await at.alert();
  assert.deepEqual([state, deliveries[0]?.to], ["delivered", "1: mail oncall@example.com"]);
  assert.match(mails[0] ?? "", /Subject: retail\/sales failed\r?\n[\s\S]*task load failed/);
});

test("without a mail server the delivery says what to set", async (t) => {
  const at = await setUp(t, [{ kind: "mail", to: ["oncall@example.com"] }]);
  await at.deliver();
  assert.match((await at.alert()).deliveries[0]?.answer ?? "", /set `mail.host`/);
});
