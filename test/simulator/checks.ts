// What must hold when a simulated run has come to rest, said of its rows and of what the tasks witnessed.

import { fireTimesBetween, parseCron } from "../../scheduler/model/time/cron.ts";
import { auditFindings } from "./audit.ts";
import type { DatabaseServer } from "./database.ts";
import type { User } from "./user.ts";
import type { Witness, Witnessed } from "./witness.ts";

export interface CheckDeps {
  readonly server: DatabaseServer;
  readonly witness: Witness;
  readonly user: User;
  /** When schedules went online, and when the run ended. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How exactly a process knows the database's clock. */
const clockErrorMs = 10;

type Row = { readonly [column: string]: string | number | null };

export function violations(deps: CheckDeps): readonly string[] {
  const rows = (sql: string): readonly Row[] => deps.server.own.prepare(sql).all([]) as readonly Row[]; // columns as asked for
  const told = (sql: string, text: (row: Row) => string): readonly string[] => rows(sql).map(text);
  return [
    ...deps.witness.doubled,
    ...auditFindings(deps.server.own),
    // A parent that was paused and failed all the same has failed; its paused child rests, to be resumed with it or by itself.
    ...told(
      `select id, state from workflow_instance as i where state not in ('succeeded', 'failed', 'stopped')
       and not (state = 'paused' and exists (select 1 from workflow_instance as p
         where p.id = i.parent_instance and p.state in ('succeeded', 'failed', 'stopped')))`,
      (row) => `instance ${row["id"]} did not end: it is ${row["state"]}`,
    ),
    ...told(
      "select id, owner from workflow_instance where owner is not null",
      (row) => `${row["id"]} still has an owner`,
    ),
    ...told(
      "select * from command",
      (row) => `command ${row["kind"]} of ${row["workflow_instance_id"]} was never obeyed`,
    ),
    ...told(
      "select * from error_command",
      (row) => `a command of ${row["workflow_instance_id"]} failed: ${row["reason"]}`,
    ),
    ...told(
      "select id, given_up from workflow_instance where given_up > 0",
      (row) => `instance ${row["id"]} was given up ${row["given_up"]} times for a fault of our own`,
    ),
    // The attempt of a paused sub-workflow is open until that goes on.
    ...told(
      `select a.* from attempt as a join task_instance as t
         on t.workflow_instance_id = a.workflow_instance_id and t.task_index = a.task_index
       where a.state in ('dispatched', 'running') and t.state <> 'paused'`,
      (row) => `attempt ${keyOf(row)} is still ${row["state"]}`,
    ),
    ...told(
      "select * from task_instance where state in ('submitted', 'delayed', 'dispatched', 'running', 'retry_wait')",
      (row) => `task ${row["workflow_instance_id"]}.${row["task_index"]} is still ${row["state"]}`,
    ),
    ...startViolations(deps, rows),
    ...attemptViolations(deps, rows),
    ...scheduleViolations(deps, rows),
    ...backfillViolations(deps, rows),
  ];
}

const keyOf = (row: Row): string => `${row["workflow_instance_id"]}.${row["task_index"]}#${row["attempt"]}`;

/** Every start that was acknowledged is there. (That it is there once, the database itself ensures by its origin.) */
function startViolations({ user }: CheckDeps, rows: (sql: string) => readonly Row[]): readonly string[] {
  const origins = new Map(
    rows("select id, origin from workflow_instance").map((row) => [row["origin"], String(row["id"])]),
  );
  return [...user.starts].flatMap(([origin, id]) =>
    origins.get(origin) === id ? [] : [`the start ${origin} was acknowledged as ${id}, and is ${origins.get(origin)}`],
  );
}

/** What the rows say of attempts is what their processes did. */
function attemptViolations({ witness, user }: CheckDeps, rows: (sql: string) => readonly Row[]): readonly string[] {
  const seen = new Map<string, Witnessed>(witness.all().map((one) => [one.key, one]));
  const found: string[] = [];
  const succeeded = new Map<string, number>();
  for (const row of rows("select * from attempt order by workflow_instance_id, task_index, attempt")) {
    const key = keyOf(row);
    const task = `${row["workflow_instance_id"]}.${row["task_index"]}`;
    const outcome = seen.get(key)?.outcome;
    const isLogic = row["worker"] === null || row["worker"] === ""; // its master ran it: there was no process
    if (row["state"] === "succeeded" && !isLogic && outcome !== "succeeded") {
      found.push(`attempt ${key} is said to have succeeded, its process ${outcome ?? "never ran"}`);
    }
    const before = succeeded.get(task);
    if (before !== undefined && !user.rerun.has(String(row["workflow_instance_id"]))) {
      found.push(`attempt ${key} was made although #${before} had succeeded`);
    }
    if (row["state"] === "succeeded") succeeded.set(task, Number(row["attempt"]));
    seen.delete(key);
  }
  for (const one of seen.values()) found.push(`attempt ${one.key} ran, and no row speaks of it`);
  return found;
}

function scheduleViolations(deps: CheckDeps, rows: (sql: string) => readonly Row[]): readonly string[] {
  const found: string[] = [];
  for (const schedule of rows("select s.*, w.name from schedule s join workflow w on w.id = s.workflow_id")) {
    const parsed = parseCron(String(schedule["cron"]));
    if (!parsed.ok) continue;
    // A master may know the database's clock by what it was before a jump.
    const latestMs = deps.untilMs + 120_000;
    const due = fireTimesBetween(parsed.cron, String(schedule["zone"]), deps.fromMs, latestMs, 10_000);
    // What was due in the very last moments may have fired or not.
    const surely = due.filter((time) => time < deps.untilMs - 5_000);
    const instances = rows(
      `select schedule_time, created_at from workflow_instance where trigger_kind = 'schedule' and workflow_id = ${schedule["workflow_id"]}`,
    );
    const fired = instances.map((row) => Number(row["schedule_time"]));
    const name = `${schedule["name"]} (${schedule["cron"]}, catchup ${schedule["catch_up"]})`;
    for (const row of instances) {
      const earlyMs = Number(row["schedule_time"]) - Number(row["created_at"]);
      if (earlyMs > clockErrorMs) found.push(`${name} fired ${earlyMs} ms before its time`);
    }
    for (const time of fired) if (!due.includes(time)) found.push(`${name} fired at ${time}, which is no fire time`);
    if (new Set(fired).size !== fired.length) found.push(`${name} fired twice for one time`);
    if (schedule["catch_up"] !== "all") continue;
    for (const time of surely) if (!fired.includes(time)) found.push(`${name} did not fire for ${time}`);
  }
  return found;
}

function backfillViolations({ user }: CheckDeps, rows: (sql: string) => readonly Row[]): readonly string[] {
  const found: string[] = [];
  for (const [id, { isStopping }] of user.backfills) {
    const [row] = rows(`select * from backfill where id = ${id}`);
    if (row === undefined) found.push(`backfill ${id} was acknowledged and is not there`);
    else if (row["state"] !== "succeeded" && row["state"] !== "failed") found.push(`backfill ${id} is ${row["state"]}`);
    const planned = rows(`select * from backfill_date where backfill_id = ${id} and action = 'create' order by seq`);
    const ran = rows(`select id, schedule_time, state from workflow_instance where backfill_id = ${id} order by id`);
    const wanted = planned.map((one) => one["schedule_time"]).slice(0, ran.length);
    const got = ran.map((one) => one["schedule_time"]);
    if (JSON.stringify(wanted) !== JSON.stringify(got)) found.push(`backfill ${id} ran ${got}, planned was ${wanted}`);
    const hasFailed = ran.some((one) => one["state"] !== "succeeded");
    if (ran.length < planned.length && !(isStopping && hasFailed)) {
      found.push(`backfill ${id} ran ${ran.length} of ${planned.length} dates`);
    }
  }
  return found;
}
