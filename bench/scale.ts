// How it stays quick with much in the database: lists with a million task instances, thousands of schedules due at once, a start
// with a hundred thousand. Prints Markdown.
//
//   node bench/scale.ts [lists] [due] [start]      all when none is named

import { setTimeout as delay } from "node:timers/promises";
import type { InstanceShape, Page } from "../scheduler/api/contract.ts";
import type { Cluster } from "../test/support/cluster.ts";
import { fan } from "./flows.ts";
import { head, median, quantile, row, seconds } from "./numbers.ts";
import { type ClusterTarget, deploy, startClusterTarget } from "./targets.ts";

const leaseMs = 5_000;
const options = { slots: 20_000, leaseMs, runsNothing: true, masters: 0 };
const nowSql = "cast(unix_timestamp(now(3)) * 1000 as signed)";
const asked = process.argv.slice(2);
const wants = (name: string): boolean => asked.length === 0 || asked.includes(name);

if (wants("lists")) await lists();
if (wants("due")) await due(4_000);
if (wants("start")) await start(100_000);

/** `seq_a_to_b` in a statement is MariaDB's own table of numbers. */
function sql({ database }: Cluster, statement: string): Promise<void> {
  return database.run(statement, "porpoise");
}

function count({ database }: Cluster, statement: string): Promise<number> {
  return database.count(statement, "porpoise");
}

async function withTarget(work: (target: ClusterTarget) => Promise<void>): Promise<void> {
  const target = await startClusterTarget(options);
  try {
    await work(target);
  } finally {
    await target.close();
  }
}

function lists(): Promise<void> {
  return withTarget(async (target) => {
    await deploy(target, fan("many", 100), fan("few", 100));
    const [instances, tasks] = [10_000, 100];
    await sql(
      target.cluster,
      `insert into workflow_instance (workflow_id, version, state, created_at, started_at, ended_at, options, params, run_times)
       select 1 + (seq % 10 = 0), 1, if(seq % 7 = 0, 'failed', 'succeeded'), seq, seq, seq + 1000, '{"params":{}}', '{}', 1 from seq_1_to_${instances}`,
    );
    await sql(
      target.cluster,
      `insert into task_instance (workflow_instance_id, task_index, state, attempt, retries_used, lost, timed_out, submitted_at, started_at, ended_at, outputs)
       select 1 + floor((seq - 1) / ${tasks}), (seq - 1) % ${tasks}, 'succeeded', 1, 0, 0, 0, seq, seq, seq + 1000, '{}' from seq_1_to_${instances * tasks}`,
    );
    await sql(
      target.cluster,
      `insert into attempt (workflow_instance_id, task_index, attempt, state, worker, dispatched_at, started_at, ended_at, exit_code)
       select workflow_instance_id, task_index, 1, 'succeeded', 'w1#1', started_at, started_at, ended_at, 0 from task_instance `,
    );
    console.log(`\n### Lists with ${instances * tasks} task instances (MariaDB)\n`);
    head("page", "median", "p95");
    for (const [name, route] of [
      ["instances, the newest 50", "/instances"],
      ["of one workflow", "/instances?project=bench&workflow=few"],
      ["of one project", "/instances?project=bench"],
      ["failed ones", "/instances?state=failed"],
      ["failed ones of one workflow", "/instances?project=bench&workflow=few&state=failed"],
      ["running ones (none)", "/instances?state=running"],
      ["workflows with their last instances", "/projects/bench/workflows"],
      ["one instance with its 100 tasks", "/instances/5000"],
    ] as const) {
      const times: number[] = [];
      for (let count = 0; count < 60; count += 1) times.push(await timed(() => page(target, route, count)));
      row(name, `${median(times).toFixed(1)} ms`, `${quantile(times, 0.95).toFixed(1)} ms`);
    }
  });
}

/** Another page each time, deep into the list. */
async function page(target: ClusterTarget, route: string, count: number): Promise<void> {
  const isList = route.startsWith("/instances") && !/\d$/.test(route);
  const cursor = isList && count > 0 ? `${route.includes("?") ? "&" : "?"}cursor=${10_000 - count * 150}` : "";
  await target.request<Page<InstanceShape>>("GET", `${route}${cursor}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** So many workflows with a schedule each, by copies of one row; due at that time. */
async function schedules(target: ClusterTarget, count: number, dueSql: string): Promise<void> {
  const text = `workflow bench/s1 {\n  schedule = cron("0 0 3 1 1 ? 2090")\n}\n\ntask a: shell {\n  \`\`\`sh\n  true\n  \`\`\`\n}\n`;
  await deploy(target, { path: "s1.flow", text });
  await sql(
    target.cluster,
    `insert into workflow (project, name, version) select 'bench', concat('s', seq), 1 from seq_2_to_${count}`,
  );
  await sql(
    target.cluster,
    `insert into workflow_version (workflow_id, version, path, source, definition, zone, files, deployed_at, deployed_by)
     select w.id, 1, v.path, v.source, v.definition, v.zone, v.files, v.deployed_at, v.deployed_by
     from workflow as w join workflow_version as v on v.workflow_id = 1 where w.id > 1`,
  );
  await sql(
    target.cluster,
    `insert into schedule (workflow_id, online, cron, zone, catch_up, next_fire_at)
     select w.id, 1, s.cron, s.zone, s.catch_up, s.next_fire_at
     from workflow as w join schedule as s on s.workflow_id = 1 where w.id > 1`,
  );
  await sql(target.cluster, `update schedule set next_fire_at = ${dueSql}`);
}

function due(number: number): Promise<void> {
  return withTarget(async (target) => {
    const { cluster } = target;
    await schedules(target, number, "4102444800000");
    await target.cluster.start("master", "m1");
    await sql(target.cluster, `update schedule set next_fire_at = ${nowSql} + 2000`);
    const instances = "select count(*) from workflow_instance";
    // What is committed, as others see it, by the database's clock.
    const firedAfter = `select if(count(*) < ${number}, -1, ${nowSql} - min(schedule_time)) from workflow_instance`;
    let fired = -1;
    for (const end = performance.now() + 60_000; performance.now() < end; await delay(50)) {
      if (fired < 0) fired = await count(cluster, firedAfter);
      else if ((await count(cluster, `${instances} where state = 'succeeded'`)) >= number) break;
    }
    const ended = await count(cluster, "select max(ended_at) - min(schedule_time) from workflow_instance");
    console.log(`\n### ${number} schedules due in the same second (MariaDB, 1 master, a worker that runs nothing)\n`);
    head("measure", "value");
    row("fired", `${await count(cluster, instances)} of ${number}`);
    row("last one fired after", seconds(fired));
    row("last one succeeded after", seconds(ended));
  });
}

function start(number: number): Promise<void> {
  return withTarget(async (target) => {
    await schedules(target, number, "4102444800000");
    await sql(
      target.cluster,
      `update schedule set next_fire_at = ${nowSql} where workflow_id = ${Math.floor(number / 2)}`,
    );
    const beganMs = performance.now();
    await target.cluster.start("master", "m1");
    const readyMs = performance.now() - beganMs;
    while ((await count(target.cluster, "select count(*) from workflow_instance")) === 0) await delay(20);
    const firedMs = performance.now() - beganMs;
    console.log(`\n### A master's start with ${number} schedules (MariaDB)\n`);
    head("measure", "value");
    row("ready after", seconds(readyMs));
    row("the one that is due fired after", seconds(firedMs));
  });
}
