// What alerts were raised, where they went, and with what answer.

import { z } from "zod";
import { alertStates } from "../../model/alert.ts";
import { taskInstanceId } from "../../model/ids.ts";
import { alerts, type StoredAlert } from "../../store/alerts.ts";
import { pageQuery } from "../app.ts";
import { page } from "../contract.ts";
import { time } from "../present.ts";
import { alertSchema } from "../resource-contract.ts";
import { type Route, route } from "../route.ts";
import type { RouteDeps } from "./deps.ts";

export function alertRoutes({ database }: RouteDeps): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/alerts",
      summary: "Alerts, the newest first: what was raised, where it went, with what answer.",
      isForAnyProject: true,
      query: pageQuery.extend({
        instance: z
          .string()
          .regex(/^\d{1,19}$/)
          .optional(),
        state: z.enum(alertStates).optional(),
      }),
      answer: page(alertSchema),
      handle: async ({ query, access }) => {
        const limit = query.limit ?? 50;
        const projects = access.projects("viewer");
        const rows = await alerts(database, {
          limit: limit + 1,
          ...(query.instance === undefined ? {} : { instance: query.instance }),
          ...(query.state === undefined ? {} : { state: query.state }),
          ...(query.cursor === undefined ? {} : { before: query.cursor }),
          ...(projects === undefined ? {} : { projects }),
        });
        const shown = rows.slice(0, limit);
        return { items: shown.map(alertShape), next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
      },
    }),
  ];
}

const alertShape = ({ taskIndex, raisedAtMs, deliveries, ...alert }: StoredAlert) => ({
  ...alert,
  ...(taskIndex === null ? {} : { taskInstance: taskInstanceId(alert.instance, taskIndex) }),
  raisedAt: time(raisedAtMs),
  deliveries: deliveries.map(({ atMs, ...one }) => ({ ...one, at: time(atMs) })),
});
