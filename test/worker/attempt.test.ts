// biome-ignore-all lint/suspicious/noTemplateCurlyInString: scripts hold placeholders

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../support/servers/server-process.ts";
import { assignment, eventually, testWorker } from "../support/worker.ts";

test("a shell script runs, its output is shipped and its end reported", async (t) => {
  const { worker, master, api, dataFolder } = await testWorker(t);
  const one = assignment(worker, "echo hello\necho oops >&2\n");
  assert.deepEqual(await master.dispatch(one), ["accepted"]);
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.exitCode, end.reason], ["succeeded", 0, undefined]);
  assert.equal(await api.log(one), "hello\noops\n");
  assert.deepEqual(
    master.reports.map((report) => report.kind),
    ["started", "ended"],
  );
  await eventually(
    async () => ((await readdir(join(dataFolder, "attempts"))).length === 0 ? true : undefined),
    "no directory",
  );
});

test("a failing script fails with its exit code", async (t) => {
  const { worker, master } = await testWorker(t);
  const one = assignment(worker, "exit 3\n");
  await master.dispatch(one);
  const end = await master.ended(one);
  assert.deepEqual([end.outcome, end.exitCode, end.reason], ["failed", 3, "exit code 3"]);
});

test("parameters, dates and the attempt's directory are filled in, and a raw fence is not touched", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const script =
    'echo "${region} $[yyyy-MM-dd-1] ${missing:-none}"; [ "$PWD" = "${system.task.execute.path}" ] && echo here\n';
  const filled = assignment(worker, script, { scope: { region: "eu" } });
  const raw = assignment(worker, 'region=own; echo "${region}"\n', {
    scope: { region: "eu" },
    raw: true,
    language: "bash",
  });
  await master.dispatch(filled, raw);
  assert.equal(await api.log(filled), "eu 2026-01-30 none\nhere\n");
  assert.equal(await api.log(raw), "own\n");
});

test("parameters and the attempt are in the environment, the worker's own settings are not", async (t) => {
  process.env["PORPOISE_SECRET"] = "do not tell";
  t.after(() => delete process.env["PORPOISE_SECRET"]);
  const { worker, master, api } = await testWorker(t);
  const one = assignment(worker, "env | grep -E '^(PORPOISE_|NAME)' | sort\n", {
    raw: true,
    scope: { region: "a 'b' $(c)", "system.biz.date": "20260130" },
    environment: { NAME: "x" },
  });
  await master.dispatch(one);
  const lines = (await api.log(one)).split("\n");
  assert.ok(lines.includes("NAME=x"));
  assert.ok(lines.includes("PORPOISE_REGION=a 'b' $(c)"));
  assert.ok(lines.includes("PORPOISE_SYSTEM_BIZ_DATE=20260130"));
  assert.ok(lines.includes(`PORPOISE_TASK_INSTANCE=${one.taskInstance}`));
  assert.ok(lines.includes("PORPOISE_ATTEMPT=1"));
  assert.equal(
    lines.some((line) => line.includes("do not tell")),
    false,
  );
});

test("javascript runs as a module, python runs unbuffered", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const js = assignment(
    worker,
    "const { pid } = await import('node:process'); console.log(typeof pid, import.meta.url.slice(-4));\n",
    {
      type: "javascript",
      language: "javascript",
    },
  );
  const py = assignment(worker, "print('from python')\n", { type: "python", language: "python" });
  await master.dispatch(js, py);
  assert.equal(await api.log(js), "number .mjs\n");
  assert.equal(await api.log(py), "from python\n");
});

test("declared outputs are taken from the log, others are not", async (t) => {
  const { worker, master } = await testWorker(t);
  const one = assignment(
    worker,
    `echo '#{setValue(rows=42)}'; echo '\${setValue(other=1)}'; printf '\${setValue(last=a=b)}'\n`,
    {
      outputs: ["rows", "last"],
    },
  );
  await master.dispatch(one);
  assert.deepEqual((await master.ended(one)).outputs, { rows: "42", last: "a=b" });
});

test("what is not on this worker is named, and does no other harm", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const shell = assignment(worker, "echo\n", { language: "bash", environment: { PATH: "/nowhere" } });
  const type = assignment(worker, "echo\n", { type: "spark" });
  const unknown = assignment(worker, undefined, { type: "http", attributes: { url: "http://x/${nothing}" } });
  await master.dispatch(shell, type, unknown);
  assert.match((await master.ended(shell)).reason ?? "", /^bash was not found on this worker: install it/);
  assert.match(await api.log(shell), /\[porpoise\] bash was not found on this worker/);
  assert.match((await master.ended(type)).reason ?? "", /cannot run tasks of type `spark`/);
  assert.match((await master.ended(unknown)).reason ?? "", /url names \$\{nothing\}, which is not in scope/);
  const fine = assignment(worker, "true\n");
  await master.dispatch(fine);
  assert.equal((await master.ended(fine)).outcome, "succeeded");
});

test("values that no environment can hold fail the attempt with the reason", async (t) => {
  const { worker, master } = await testWorker(t);
  const large = assignment(worker, "true\n", { raw: true, scope: { v: "x".repeat(200_000) } });
  const nul = assignment(worker, "true\n", { raw: true, scope: { v: "a\0b" } });
  await master.dispatch(large, nul);
  assert.match((await master.ended(large)).reason ?? "", /do not fit into the environment/);
  assert.match((await master.ended(nul)).reason ?? "", /null bytes/);
});

test("deployed files lie in the attempt's directory, fetched once", async (t) => {
  const { worker, master, api } = await testWorker(t);
  const content = Buffer.from("echo from a file $1\n");
  const sha256 = createHash("sha256").update(content).digest("hex");
  api.files.set(sha256, content);
  const files = [{ path: "jobs/extract.sh", sha256 }];
  const one = assignment(worker, "sh jobs/extract.sh one\n", { files });
  await master.dispatch(one);
  assert.equal(await api.log(one), "from a file one\n");
  api.files.clear();
  const two = assignment(worker, "sh jobs/extract.sh two\n", { files });
  const outside = assignment(worker, "true\n", { files: [{ path: "../x", sha256 }] });
  await master.dispatch(two, outside);
  assert.equal(await api.log(two), "from a file two\n");
  assert.match((await master.ended(outside)).reason ?? "", /outside the attempt's directory/);
});

test("an http task sends its request, logs the answer, gives its status, and judges it", async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push(`${request.method} ${request.url} ${request.headers["x-region"]} ${body}`);
      response.statusCode = request.url === "/missing" ? 404 : 201;
      response.end("the answer\n${setValue(status=stolen)}\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { worker, master, api } = await testWorker(t);
  const base = `http://127.0.0.1:${address.port}`;
  const scope = { base, region: "eu" };
  const fine = assignment(worker, '{"rows": "${region}"}\n', {
    type: "http",
    language: "json",
    scope,
    outputs: ["status"],
    attributes: { url: "${base}/sales", method: "post", headers: { "X-Region": "${region}" }, expect: { status: 201 } },
  });
  const missing = assignment(worker, undefined, { type: "http", scope, attributes: { url: "${base}/missing" } });
  const nobody = await freePort();
  const away = assignment(worker, undefined, { type: "http", attributes: { url: `http://127.0.0.1:${nobody}/` } });
  await master.dispatch(fine, missing, away);
  const end = await master.ended(fine);
  assert.deepEqual([end.outcome, end.outputs], ["succeeded", { status: "201" }]);
  assert.ok(seen.includes('POST /sales eu {"rows": "eu"}\n'));
  assert.match(await api.log(fine), /^\[porpoise\] POST was answered with 201 .*\nthe answer\n/);
  assert.equal((await master.ended(missing)).reason, "the answer was 404, 200 to 299 was expected");
  assert.match((await master.ended(away)).reason ?? "", /GET 127.0.0.1:\d+ failed: .*ECONNREFUSED/);
});
