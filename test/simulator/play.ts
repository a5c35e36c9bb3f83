// A simulated run that follows a script instead of chance: an interleaving that once went wrong, kept.

import { compile } from "../../scheduler/language/compile.ts";
import type { Flow } from "./flows.ts";
import { type Scene, type SceneOptions, scene } from "./scene.ts";
import { schemaStatements } from "./schema.ts";
import type { Witnessed } from "./witness.ts";

export interface Script extends Pick<SceneOptions, "leaseMs" | "masters" | "workers" | "registry"> {
  /** Text of the workflow that is started, of project `sim`. */
  readonly flow: string;
  /** Others that are there. */
  readonly more?: readonly string[];
  /** How long each attempt's process runs. */
  readonly tasksMs: number;
  readonly forMs: number;
  /** What happens, by `at` of milliseconds since `flow` was started. */
  readonly story: (stage: Scene, at: (ms: number, act: () => void) => void, flow: Flow) => void;
}

export interface Played {
  readonly attempts: readonly Witnessed[];
  readonly doubled: readonly string[];
  readonly broken: readonly string[];
  readonly instances: readonly { readonly id: number; readonly state: string }[];
  /** By `task#attempt`. */
  readonly states: { readonly [attempt: string]: string };
}

/** What must hold in every script: nothing beside another of its task, nothing sent or acknowledged too early, all succeeded. */
export async function wrongIn(script: Script): Promise<readonly string[]> {
  const { doubled, broken, instances } = await play(script);
  const others = instances.filter(({ state }) => state !== "succeeded");
  return [...doubled, ...broken, ...others.map(({ id, state }) => `instance ${id} is ${state}`)];
}

export async function play(script: Script): Promise<Played> {
  const { leaseMs, masters, workers } = script;
  const stage = scene({
    seed: 1,
    schema: await schemaStatements(),
    keepNotes: process.env["PORPOISE_NOTES"] !== undefined,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    masters: masters ?? 1,
    workers: workers ?? 2,
    registry: script.registry ?? "service",
    behaviour: () => ({ forMs: script.tasksMs, outcome: "succeeded" }),
  });
  const { world } = stage;
  const flow = flowOf(script.flow);
  let isOver = false;
  for (const seat of stage.cluster.seats) stage.cluster.start(seat);
  // Time enough to find each other.
  world.after(settleMs, () => {
    void stage.user.deploy([flow, ...(script.more ?? []).map(flowOf)]).then(() => {
      stage.user.start(flow);
      script.story(stage, (ms, act) => void world.after(ms, act), flow);
      world.after(script.forMs, () => {
        isOver = true;
      });
    });
  });
  await world.run(() => isOver);
  for (const note of world.notes) console.error(note);
  const instances = (
    stage.database.own.prepare("select id, state from workflow_instance order by id").all([]) as Played["instances"]
  ) // the columns asked for
    .map((row) => ({ ...row }));
  const rows = stage.database.own
    .prepare("select workflow_instance_id as i, task_index as t, attempt as a, state from attempt")
    .all([]) as readonly { readonly i: number; readonly t: number; readonly a: number; readonly state: string }[]; // likewise
  const played = {
    states: Object.fromEntries(rows.map((row) => [`${row.i}.${row.t}#${row.a}`, row.state])),
    attempts: stage.witness.all(),
    doubled: stage.witness.doubled,
    broken: stage.broken,
    instances,
  };
  stage.close();
  return played;
}

const settleMs = 5_000;

function flowOf(text: string): Flow {
  const [compiled] = compile([{ path: "script.flow", text }]);
  if (compiled?.definition === undefined) throw new Error(JSON.stringify(compiled?.problems));
  const { definition } = compiled;
  return {
    name: definition.name,
    workflow: { definition, path: "script.flow", source: text, files: [] },
    isSerial: definition.concurrency !== "parallel",
  };
}
