// Listens to what simulated processes say to each other: nothing may be sent, and no end acknowledged, that is not committed.

import type { Envelope } from "../../scheduler/wire/connection.ts";
import type { Assignment, AttemptRef, MasterRequests, Report } from "../../scheduler/wire/messages.ts";
import type { DatabaseServer } from "./database.ts";
import type { NetworkOptions } from "./network.ts";
import type { World } from "./world.ts";

export function eavesdropper(
  here: World,
  server: DatabaseServer,
  onBroken: (text: string) => void,
): NetworkOptions["onMessage"] {
  const asked = new WeakMap<object, Map<number, readonly Report[]>>();
  const stateOf = ({ taskInstance, attempt }: Pick<AttemptRef, "taskInstance" | "attempt">): string | undefined => {
    const [instance, task] = taskInstance.split(".");
    const [row] = server.own
      .prepare("select state from attempt where workflow_instance_id = ? and task_index = ? and attempt = ?")
      .all([Number(instance), Number(task), attempt]) as readonly { readonly state: string }[]; // the column asked for
    return row?.state;
  };
  const broken = (text: string): void => {
    here.note(`BROKEN ${text}`);
    onBroken(text);
  };

  return (from, json, link) => {
    const said = json as Envelope; // what connections send
    if (said.kind === "request" && said.method === "dispatch") {
      const { assignments } = said.body as { readonly assignments: readonly Assignment[] };
      for (const one of assignments) {
        if (stateOf(one) === undefined) broken(`${one.taskInstance}#${one.attempt} was sent before it was saved`);
      }
    } else if (said.kind === "request" && said.method === "report") {
      const open = asked.get(link) ?? new Map<number, readonly Report[]>();
      asked.set(link, open);
      open.set(said.id, (said.body as MasterRequests["report"]["request"]).reports);
    } else if (said.kind === "response" && from.name.startsWith("m")) {
      const reports = asked.get(link)?.get(said.id);
      asked.get(link)?.delete(said.id);
      const { answers = [] } = said.body as Partial<MasterRequests["report"]["response"]>;
      reports?.forEach((report, index) => {
        if (report.kind !== "ended" || answers[index] !== "kept") return;
        const state = stateOf(report);
        if (state === "dispatched" || state === "running" || state === undefined)
          broken(`the end of ${report.taskInstance}#${report.attempt} was acknowledged while it was ${state}`);
      });
    }
  };
}
