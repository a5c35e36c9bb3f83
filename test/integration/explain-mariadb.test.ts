// No list and no sweep reads a whole table: what MariaDB says of each statement, on tables with some thousand rows.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { incarnation, workflowInstanceId } from "../../scheduler/model/ids.ts";
import { alerts, claimAlerts } from "../../scheduler/store/alerts.ts";
import { advanceBackfill, openBackfills, readBackfill } from "../../scheduler/store/backfills.ts";
import { childrenByTask, childrenOf } from "../../scheduler/store/children.ts";
import { type Database, openDatabase } from "../../scheduler/store/database.ts";
import { latestEnd } from "../../scheduler/store/dependencies.ts";
import { loadInstances } from "../../scheduler/store/loading.ts";
import { migrate } from "../../scheduler/store/migrations.ts";
import {
  commandsFor,
  ownedInstances,
  owners,
  ownersOf,
  releaseInstancesOf,
  rescueStranded,
  takeInstances,
} from "../../scheduler/store/ownership.ts";
import {
  countByState,
  eventsAfter,
  type InstanceFilter,
  instances,
  lastInstances,
} from "../../scheduler/store/queries.ts";
import { expired, surplus } from "../../scheduler/store/retention.ts";
import { fireDueSchedules } from "../../scheduler/store/schedules.ts";
import { queuedWorkflows, startNextOfQueue } from "../../scheduler/store/serial-queue.ts";
import { grantedAmong, grantSlots, sweepSlots } from "../../scheduler/store/task-groups.ts";
import { type MariadbServer, startMariadb } from "../support/servers/mariadb.ts";

/** More rows than this are looked at only where something is wrong. */
const mostRows = 1_500;
const many = 12_000;

interface Plan {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | string | null;
}

describe("statements on MariaDB", () => {
  let server: MariadbServer;
  let database: Database;
  before(async () => {
    server = await startMariadb();
    const { host, port, user, password } = server;
    database = await openDatabase({
      type: "mysql",
      host,
      port,
      user,
      password,
      database: await server.createDatabase("explain"),
    });
    await migrate(database);
    await fill(database);
  });
  after(async () => {
    await database?.close();
    await server?.stop();
  });

  /** Every statement that the work sends, and how the server reads its tables. */
  const plansOf = async (work: () => Promise<unknown>): Promise<readonly { sql: string; plans: readonly Plan[] }[]> => {
    const sent: { sql: string; bindings?: unknown[] }[] = [];
    const note = (one: { sql: string; bindings?: unknown[] }): void => void sent.push(one);
    database.knex.on("query", note);
    await work();
    database.knex.removeListener("query", note);
    const found = [];
    for (const { sql, bindings = [] } of sent) {
      if (!/^(select|delete|update)/i.test(sql) || /^select 1/i.test(sql)) continue;
      const [plans] = await database.knex.raw<[readonly Plan[]]>(`explain ${sql}`, bindings as readonly string[]);
      found.push({ sql, plans: plans ?? [] });
    }
    return found;
  };

  const now = (): number => database.nowMs();
  const master = incarnation("master", "m");
  const list = (filter: Partial<InstanceFilter>) => () => instances(database, { limit: 50, ...filter });
  const works: { readonly [name: string]: () => Promise<unknown> } = {
    "the newest instances": list({}),
    "instances of a workflow": list({ project: "p", workflow: "w3" }),
    "instances of a project": list({ project: "p" }),
    "instances that run": list({ states: ["running", "pausing"] }),
    "instances of a backfill": list({ backfill: "1" }),
    "children of an instance": list({ parent: "7" }),
    "a page of instances": list({ before: "500" }),
    "the last instance of each workflow": () => lastInstances(database, ["1", "2", "3"]),
    "events of an instance": () => eventsAfter(database, workflowInstanceId(5), 0, 100),
    "instances as a master loads them": () => loadInstances(database, [workflowInstanceId(5), workflowInstanceId(6)]),
    "children of a task": async () => {
      await childrenOf(database, { instance: workflowInstanceId(7), taskIndex: 0, attempt: 1 });
      await childrenByTask(database, workflowInstanceId(7));
    },
    alerts: () => alerts(database, { limit: 50 }),
    "alerts that are due": () => claimAlerts(database, { untilMs: now() + 1000, limit: 20 }),
    "commands to take": () => takeInstances(database, { owner: master, limit: 200, slot: 0, slots: 2 }),
    "commands to obey": () => commandsFor(database, master),
    "what a master owns": () => ownedInstances(database, master),
    "who owns something": () => owners(database),
    "who owns attempts": () => ownersOf(database, [{ taskInstance: "5.0" as never, attempt: 1 }]),
    "instances of a dead master": () => releaseInstancesOf(database, incarnation("master", "gone"), 100),
    "stranded instances": () => rescueStranded(database, 100),
    queues: async () => {
      await queuedWorkflows(database);
      await startNextOfQueue(database, "1");
    },
    backfills: async () => {
      for (const id of await openBackfills(database)) {
        await advanceBackfill(database, id);
        await readBackfill(database, id);
      }
    },
    "schedules that are due": () =>
      fireDueSchedules(database, {
        nowMs: now(),
        limit: 500,
        decide: ({ nextFireAtMs }) => ({ fireTimesMs: [], nextFireAtMs }),
      }),
    "task groups": async () => {
      await grantSlots(database, "g");
      await grantedAmong(database, ["5.0" as never]);
      await sweepSlots(database);
    },
    "what a dependent waits for": async () => {
      const span = { project: "p", workflow: "w3", fromMs: now() - 1000, toMs: now() };
      await latestEnd(database, span);
      await latestEnd(database, { ...span, task: "t0" });
    },
    "what is forgotten by age": () => expired(database, { forMs: 86_400_000 * 400, limit: 50 }),
    "what is forgotten by count": () => surplus(database, { workflowId: "1", instances: 100_000, limit: 50 }),
    "how many go on": () => countByState(database),
  };

  for (const [name, work] of Object.entries(works)) {
    test(`${name}: no whole table is read`, async () => {
      const wrong = (await plansOf(work)).flatMap(({ sql, plans }) =>
        plans
          .filter(({ type, rows }) => (type === "ALL" || type === "index") && Number(rows ?? 0) > mostRows)
          .map((plan) => `${plan.table} by ${plan.type} of ${plan.key}, ${plan.rows} rows: ${sql}`),
      );
      assert.deepEqual(wrong, []);
    });
  }
});

async function fill({ knex }: Database): Promise<void> {
  const seq = (to: number): string => `seq_1_to_${to}`;
  const now = Date.now();
  await knex.raw(
    `insert into workflow (id, project, name, version) select seq, if(seq % 2, 'p', 'q'), concat('w', seq), 1 from ${seq(200)}`,
  );
  await knex.raw(
    `insert into workflow_version (workflow_id, version, path, source, definition, zone, files, deployed_at, deployed_by) select seq, 1, '', '', '{"tasks":[{"name":"t0"}],"edges":[],"zone":"UTC"}', 'UTC', '[]', 0, '' from ${seq(200)}`,
  );
  await knex.raw(
    `insert into workflow_instance (id, workflow_id, version, state, schedule_time, created_at, started_at, ended_at, owner, options, params, event_seq) select seq, 1 + seq % 200, 1, if(seq % 400 = 0, 'running', 'succeeded'), ${now} - seq * 60000, 0, 0, if(seq % 400 = 0, null, ${now} - seq * 1000), if(seq % 400 = 0, 'master#m', null), '{}', '{}', 3 from ${seq(many)}`,
  );
  await knex.raw(
    `insert into task_instance (workflow_instance_id, task_index, state, attempt, retries_used, lost, timed_out, outputs, submitted_at) select seq, 0, 'succeeded', 1, 0, 0, 0, '{}', 0 from ${seq(many)}`,
  );
  await knex.raw(
    `insert into attempt (workflow_instance_id, task_index, attempt, state, worker, dispatched_at) select seq, 0, 1, 'succeeded', 'w#1', 0 from ${seq(many)}`,
  );
  await knex.raw(
    `insert into instance_event (workflow_instance_id, seq, kind, state, at) select seq, 1, 'instance', 'succeeded', 0 from ${seq(many)}`,
  );
  await knex.raw(
    `insert into alert (origin, kind, workflow_instance_id, alert_group, title, body, raised_at, state) select concat('a', seq), 'outcome', seq, 'g', '', '', 0, 'delivered' from ${seq(many)}`,
  );
  await knex.raw(
    `insert into schedule (workflow_id, online, cron, zone, catch_up, next_fire_at) select seq, 1, '0 0 0 * * ?', 'UTC', 'last', ${now} + 86400000 from ${seq(200)}`,
  );
  await knex.raw(
    `insert into backfill (id, workflow_id, state, lanes, on_failure, options, created_at) select seq, 1, if(seq = 1, 'paused', 'succeeded'), 1, 'stop', '{}', 0 from ${seq(3000)}`,
  );
  await knex.raw(
    `insert into backfill_date (backfill_id, seq, workflow_id, schedule_time, action, why) select seq, 1, 1, 0, 'create', '' from ${seq(3000)}`,
  );
  for (const table of [
    "workflow",
    "workflow_version",
    "workflow_instance",
    "task_instance",
    "attempt",
    "instance_event",
    "alert",
    "backfill",
    "backfill_date",
  ]) {
    await knex.raw(`analyze table ${table}`);
  }
}
