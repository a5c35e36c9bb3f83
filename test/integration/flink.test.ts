// A worker and a real Flink: what becomes of jobs that begin, end, fail, are killed and change hands.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import type { DatasourceConnection } from "../../scheduler/model/datasource.ts";
import type { Assignment, Report, Submission } from "../../scheduler/wire/messages.ts";
import { jobKey } from "../../scheduler/worker/jobs/runner.ts";
import {
  controlledClass,
  type FlinkServer,
  type JobControl,
  jobControl,
  startFlink,
} from "../support/servers/flink.ts";
import { assignment, eventually, type TestWorker, testWorker } from "../support/worker.ts";

let flink: FlinkServer;
let control: JobControl;
let jar: { readonly bytes: Buffer; readonly sha256: string };
before(async () => {
  [flink, control] = await Promise.all([startFlink(), jobControl()]);
  const bytes = await readFile(flink.exampleJar);
  jar = { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
});
after(async () => {
  await flink?.stop();
  await control?.close();
});

/** A worker that may fetch the jar. */
async function workerWithJar(t: TestContext): Promise<TestWorker> {
  const one = await testWorker(t, { slots: 1 });
  one.api.files.set(jar.sha256, jar.bytes);
  return one;
}

const source = (port = flink.port): DatasourceConnection => ({
  ...{ name: "streams", cluster: "c", kind: "flink", host: flink.host, port },
  ...{ database: "", user: "", password: "", options: {} },
});

/** What happens to a request: it is carried out and its answer lost, or it is answered before Flink hears of it. */
type Fault = "lost answer" | { readonly status: number; readonly text: string };

/** A way to Flink with faults: its port. */
async function faultyWay(t: TestContext, faultOf: (request: string) => Fault | undefined): Promise<number> {
  const server = createServer(async (request, response) => {
    const { method = "GET", url = "/" } = request;
    const fault = faultOf(`${method} ${url}`);
    if (typeof fault === "object") {
      response.writeHead(fault.status).end(fault.text);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const type = request.headers["content-type"];
    const headers = type === undefined ? {} : { headers: { "content-type": type } };
    const answer = await fetch(`http://127.0.0.1:${flink.port}${url}`, { method, ...headers, ...body });
    const text = await answer.text();
    if (fault === "lost answer") request.socket.destroy();
    else response.writeHead(answer.status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port; // it listens on TCP
}

interface Asked {
  readonly instance?: number;
  readonly attempt?: number;
  readonly submission?: Submission;
  readonly earlier?: readonly Submission[];
  readonly attributes?: { readonly [name: string]: string | readonly string[] };
  /** Instead of Flink's own. */
  readonly port?: number;
}

function job(on: TestWorker, asked: Asked = {}): Assignment {
  const { attempt = 1, submission = { attempt }, earlier = [] } = asked;
  return assignment(on.worker, undefined, {
    type: "flink",
    attributes: {
      ...{ datasource: "streams", jar: "jobs/example.jar", main_class: controlledClass, arguments: control.arguments },
      ...asked.attributes,
    },
    files: [{ path: "jobs/example.jar", sha256: jar.sha256 }],
    datasource: source(asked.port),
    job: { submission, earlier, mustEnd: false },
    attempt,
    ...(asked.instance === undefined ? {} : { instance: asked.instance }),
  });
}

const idOf = (one: Assignment, attempt = 1): string => jobKey("c", one, attempt);
const state = async (id: string): Promise<string | undefined> => (await flink.jobs()).get(id);
/** Lets every job end, once so many of them can be told. */
async function finish(count = 1): Promise<void> {
  await eventually(() => (control.running() === count ? true : undefined), "the jobs' connections", 30_000);
  control.finish();
}
/** A job that has run for some time is looked at every few seconds. */
const ended = (on: TestWorker, { taskInstance }: Assignment): Promise<Extract<Report, { kind: "ended" }>> => {
  const isIts = (report: Report): report is Extract<Report, { kind: "ended" }> =>
    report.kind === "ended" && report.taskInstance === taskInstance;
  return eventually(() => on.master.reports.find(isIts), `the end of ${taskInstance}`, 30_000);
};
const isRunning = (id: string): Promise<true> =>
  eventually(async () => ((await state(id)) === "RUNNING" ? true : undefined), `job ${id}`, 30_000);

describe("a flink task", () => {
  test("runs its job to the end, and uploads its jar once for all", async (t) => {
    const here = await workerWithJar(t);
    // More than there are slots: they need none.
    const both = [job(here), job(here)];
    await here.master.dispatch(...both);
    for (const one of both) await isRunning(idOf(one));
    assert.equal(here.worker.member.data.slotsUsed, 0);
    await finish(2);
    for (const one of both) {
      assert.equal((await ended(here, one)).outcome, "succeeded");
      assert.equal(await state(idOf(one)), "FINISHED");
      assert.match(await here.api.log(one), new RegExp(`runs job ${idOf(one)}: http.*\\n.*has succeeded`, "s"));
    }
    assert.deepEqual(new Set(await flink.jars()), new Set([`${jar.sha256}.jar`]));
    for (const one of both) {
      const jobs = here.master.reports.flatMap((report) =>
        report.kind === "started" && report.taskInstance === one.taskInstance ? [report.job] : [],
      );
      assert.equal(jobs.at(-1), idOf(one), "the owner hears of the job's id");
    }
  });

  test("that is killed cancels its job before it is over", async (t) => {
    const here = await workerWithJar(t);
    const one = job(here);
    await here.master.dispatch(one);
    await isRunning(idOf(one));
    await here.master.ask("kill", { attempts: [{ ...one, reason: "stopped" }] });
    const end = await ended(here, one);
    assert.deepEqual([end.outcome, end.reason], ["killed", "stopped"]);
    assert.equal(await state(idOf(one)), "CANCELED");
  });

  test("of a worker that drains is handed over at once, and goes on under another", async (t) => {
    const [here, there] = [await workerWithJar(t), await workerWithJar(t)];
    const first = job(here, { instance: 4_001 });
    await here.master.dispatch(first);
    await isRunning(idOf(first));
    await here.worker.drain(AbortSignal.timeout(5_000));
    const lost = await ended(here, first);
    assert.deepEqual([lost.outcome, lost.handedOver], ["lost", true]);
    assert.equal(await state(idOf(first)), "RUNNING");

    const second = job(there, { instance: 4_001, attempt: 2, submission: { attempt: 1, job: idOf(first) } });
    await there.master.dispatch(second);
    await eventually(async () => (await there.api.soFar(second)).includes("carrying on") || undefined, "its log");
    await finish();
    assert.equal((await ended(there, second)).outcome, "succeeded");
    const ofTask = [...(await flink.jobs()).keys()].filter((id) => [1, 2].some((at) => id === idOf(first, at)));
    assert.deepEqual(ofTask, [idOf(first)], "there was one job");
  });

  test("that nobody waits for any more is left: it may be another attempt's by now", async (t) => {
    const here = await workerWithJar(t);
    const one = job(here);
    here.master.answer = (report) => (report.kind === "started" && report.job !== undefined ? "not_mine" : "kept");
    here.master.owner = () => ({ kind: "drop" });
    await here.master.dispatch(one);
    const isTold = (): boolean => here.master.reports.some((report) => report.kind === "started" && report.job);
    await eventually(() => (isTold() && here.worker.running() === 0 ? true : undefined), "its end", 30_000);
    assert.equal(await state(idOf(one)), "RUNNING");
    await finish();
  });

  test("begins anew only when the task's earlier job is over", async (t) => {
    const here = await workerWithJar(t);
    const first = job(here, { instance: 4_002 });
    await here.master.dispatch(first);
    await isRunning(idOf(first));
    // As by a worker that nobody hears of any more.
    const there = await workerWithJar(t);
    const again = job(there, { instance: 4_002, attempt: 2, earlier: [{ attempt: 1 }] });
    await there.master.dispatch(again);
    await isRunning(idOf(first, 2));
    assert.equal(await state(idOf(first)), "CANCELED");
    assert.match((await ended(here, first)).reason ?? "", /was cancelled in Flink/);
    await finish();
    assert.equal((await ended(there, again)).outcome, "succeeded");
  });

  test("whose submission Flink took, though its answer was lost, is one job", async (t) => {
    const here = await workerWithJar(t);
    let lost = 0;
    const port = await faultyWay(t, (request) => {
      if (!request.endsWith("/run")) return undefined;
      lost += 1;
      return "lost answer";
    });
    const before = await flink.jobs();
    const one = job(here, { port });
    await here.master.dispatch(one);
    await isRunning(idOf(one));
    await finish();
    assert.equal((await ended(here, one)).outcome, "succeeded");
    assert.equal(lost, 1);
    assert.equal((await flink.jobs()).size, before.size + 1);
    assert.match(await here.api.log(one), /whether Flink at \S+ took the job is not known, looking again/);
  });

  test("lives on while what stands before Flink answers in its place", async (t) => {
    const here = await workerWithJar(t);
    const answers: Fault[] = [
      { status: 503, text: '{"errors":["Service temporarily unavailable due to an ongoing leader election."]}' },
      { status: 404, text: "<html>no such host</html>" },
      { status: 200, text: "<html>welcome</html>" },
      { status: 500, text: "" },
    ];
    let isFaulty = false;
    const port = await faultyWay(t, () => (isFaulty ? answers.shift() : undefined));
    const one = job(here, { port });
    await here.master.dispatch(one);
    await isRunning(idOf(one));
    isFaulty = true;
    await eventually(() => (answers.length === 0 ? true : undefined), "all wrong answers", 30_000);
    await finish();
    assert.equal((await ended(here, one)).outcome, "succeeded");
    assert.match(await here.api.log(one), /does not answer, asking again: GET \S+ was answered with 503/);
  });

  test("lives on while Flink answers nobody", async (t) => {
    const here = await workerWithJar(t);
    const one = job(here);
    await here.master.dispatch(one);
    await isRunning(idOf(one));
    flink.pause();
    t.after(() => flink.resume());
    // The connections stand: what was asked is answered when it goes on.
    await assert.rejects(fetch(`http://127.0.0.1:${flink.port}/overview`, { signal: AbortSignal.timeout(2_000) }));
    flink.resume();
    await finish();
    assert.equal((await ended(here, one)).outcome, "succeeded");
  });

  test("tells why its job failed, in a word and in its log", async (t) => {
    const here = await workerWithJar(t);
    const one = job(here, { attributes: { arguments: ["--hostname", "127.0.0.1", "--port", "1"] } });
    await here.master.dispatch(one);
    const end = await ended(here, one);
    assert.equal(end.outcome, "failed");
    assert.match(end.reason ?? "", /^job \w{32} has failed: ConnectException: Connection refused/);
    assert.match(await here.api.log(one), /SocketTextStreamFunction/);
  });

  test("tells why Flink does not take its job", async (t) => {
    const here = await workerWithJar(t);
    const one = job(here, { attributes: { main_class: "no.such.Class" } });
    await here.master.dispatch(one);
    const { reason = "" } = await ended(here, one);
    assert.match(reason, /^Flink at http:\S+ refuses the job: ClassNotFoundException: no\.such\.Class/);
  });
});
