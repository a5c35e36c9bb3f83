// The shapes of what a server is given by its people: environments, groups, data sources, params, users, tokens, alerts.

import { z } from "zod";
import { alertStates } from "../model/alert.ts";
import { datasourceKinds } from "../model/datasource.ts";
import { readEnvironment } from "../model/environment.ts";
import { roles } from "../model/role.ts";
import { isParamName } from "../model/substitute.ts";

const name = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => text === text.trim() && !/[/\\]/.test(text), "a name has no slashes, and no blanks around it");
const description = z.string().max(512).default("");
const text = z.string();

export const environmentSchema = z.strictObject({
  name,
  description,
  /** `export NAME=value`, a line each; values may be quoted. */
  config: text.max(65_536).superRefine((config, context) => {
    const read = readEnvironment(config);
    if (!read.ok) context.addIssue({ code: "custom", message: read.problem });
  }),
});

export const workerGroupSchema = z.strictObject({
  name,
  description,
  /** Names of workers that belong to it, beside those that say so in their settings. */
  workers: z.array(text.min(1)).default([]),
});

export const taskGroupSchema = z.strictObject({
  name,
  description,
  /** How many of its tasks run at the same time. */
  size: z.int().min(1).max(100_000),
});

export const datasourceSchema = z.strictObject({
  name,
  description,
  kind: z.enum(datasourceKinds),
  host: text.default(""),
  port: z.int().min(0).max(65_535).default(0),
  /** Of sqlite: a file on the worker. Of flink: nothing. */
  database: text.max(512).default(""),
  user: text.max(128).default(""),
  /** Never told again. Absent where it is replaced: it stays. */
  password: text.optional(),
  /** Options of the driver. */
  options: z.record(text, text).default({}),
});
export const datasourceShape = datasourceSchema.omit({ password: true }).extend({ hasPassword: z.boolean() });

const channel = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webhook"),
    url: z.url({ protocol: /^https?$/ }),
    headers: z.record(text, text).default({}),
  }),
  z.strictObject({ kind: z.literal("mail"), to: z.array(z.email()).min(1) }),
]);
export const alertGroupSchema = z.strictObject({ name, description, channels: z.array(channel).max(50) });

export const projectParamSchema = z.strictObject({
  name: name.refine(isParamName, "a param's name begins with a letter or _, then also digits"),
  value: text,
});

const grants = z.record(text, z.enum(roles));
export const userSchema = z.strictObject({
  name,
  description,
  /** Role by project; `*` for all projects and for the server itself. */
  grants,
});

export const tokenRequestSchema = z.strictObject({
  name,
  /** Whose it is: it may then do what its user may. */
  user: name.optional(),
  /** Absent: the user's; without a user: those of who asks. */
  grants: grants.optional(),
  expiresInDays: z.number().positive().max(3650).optional(),
});
export const tokenSchema = z.object({
  id: text,
  name: text,
  user: text.nullable(),
  grants: grants.nullable(),
  createdAt: text,
  expiresAt: text.nullable(),
});
export const newTokenSchema = tokenSchema.extend({
  /** Told this once. */
  token: text,
});

export const alertSchema = z.object({
  id: text,
  kind: text,
  project: text,
  workflow: text,
  instance: text,
  taskInstance: text.optional(),
  group: text,
  title: text,
  body: text,
  raisedAt: text,
  state: z.enum(alertStates),
  tries: z.int(),
  /** Where it went, and with what answer. */
  deliveries: z.array(z.object({ to: text, ok: z.boolean(), answer: text, at: text })),
});
