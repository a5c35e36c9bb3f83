// Settings of a server process: `porpoise-server.json`, overlaid by environment variables (`PORPOISE_DATABASE_HOST`, …).

import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { workerChoices } from "../master/worker-choice.ts";
import { OperationError } from "../model/operation-error.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(1);
/** As JSON has it, or as an environment variable. */
const flag = z.union([z.boolean(), z.stringbool()]);
const milliseconds = z.coerce.number().int().min(100);
const loopback = "127.0.0.1";

/** Where it tells by HTTP whether it lives and can work, and its numbers. */
const health = { healthHost: z.string().default(loopback), healthPort: port.default(0) };

const databaseSchema = z.strictObject({
  host: z.string().default(loopback),
  port: port.default(3306),
  user: z.string().default("porpoise"),
  password: z.string().default(""),
  database: z.string().default("porpoise"),
  poolSize: count.default(10),
});

const registrySchema = z.strictObject({
  type: z.enum(["zookeeper", "etcd", "database"]).default("zookeeper"),
  /** ZooKeeper's or etcd's `host:port,host:port`. */
  connect: z.string().default(`${loopback}:2181`),
  /** How long a silent process still counts as alive. */
  leaseMs: milliseconds.default(6_000),
});

const retentionRule = z.strictObject({
  days: z.coerce.number().int().min(0).default(0),
  instances: z.coerce.number().int().min(0).default(0),
});

const settingsSchema = z.strictObject({
  /** Known to every process of the cluster, and to nobody else. */
  secret: z.string().default(""),
  /** What passwords in the database are sealed with, on apis and masters; the secret when absent. */
  encryptionKey: z.string().default(""),
  /** Part of every incarnation's name; the host's name when absent. */
  name: z.string().default(os.hostname()),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  /** PEM files that every process of the cluster uses between them; without: plain TCP. */
  tls: z
    .strictObject({ key: z.string().default(""), cert: z.string().default(""), ca: z.string().default("") })
    .prefault({}),
  database: databaseSchema.prefault({}),
  registry: registrySchema.prefault({}),
  api: z
    .strictObject({
      host: z.string().default(loopback),
      port: port.default(4300),
      /** Where workers send log chunks. */
      wireHost: z.string().default(loopback),
      wirePort: port.default(0),
      /** Under which host workers find it; absent: the one it listens on. */
      announcedHost: z.string().default(""),
      /** A token that is accepted from the start; more are made with `POST /tokens`. */
      token: z.string().default(""),
      logFolder: z.string().default("porpoise-logs"),
      /** What apis forget, with its logs: instances that ended so many days ago, all but the newest so many; 0: nothing. */
      retention: retentionRule
        .extend({
          /** By `project/workflow`: instead of the rule for all. */
          workflows: z.record(z.string(), retentionRule).default({}),
        })
        .prefault({}),
    })
    .prefault({}),
  /** The SMTP server that masters send alerts through. */
  mail: z
    .strictObject({
      host: z.string().default(""),
      port: port.default(587),
      /** TLS from the first byte (port 465); otherwise STARTTLS where the server offers it. */
      secure: flag.default(false),
      user: z.string().default(""),
      password: z.string().default(""),
      from: z.string().default("porpoise@localhost"),
    })
    .prefault({}),
  master: z
    .strictObject({
      capacity: count.default(5_000),
      lookEveryMs: z.coerce.number().int().min(10).default(100),
      lostLimit: count.default(3),
      misfireAfterMs: milliseconds.default(60_000),
      /** Which of the workers with a free slot gets the next task. */
      choice: z.enum(workerChoices).default("least_loaded"),
      ...health,
    })
    .prefault({}),
  worker: z
    .strictObject({
      host: z.string().default(loopback),
      port: port.default(0),
      /** Under which host masters find it; absent: the one it listens on. */
      announcedHost: z.string().default(""),
      /** Likewise under which port; 0: the one it listens on. */
      announcedPort: port.default(0),
      slots: count.default(Math.max(8, os.availableParallelism() * 4)),
      groups: z
        .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(z.string().min(1)))
        .default(["default"]),
      dataFolder: z.string().default("porpoise-worker"),
      stopGraceMs: z.coerce.number().int().min(0).default(5_000),
      /** How long a worker that was asked to end lets its attempts run on. */
      drainMs: z.coerce.number().int().min(0).default(60_000),
      logLimitMb: count.default(2_048),
      ...health,
    })
    .prefault({}),
});

export type ServerSettings = z.infer<typeof settingsSchema>;
export const defaultSettings = (): ServerSettings => settingsSchema.parse({});

export const settingsFile = "porpoise-server.json";

/** `file` undefined: `porpoise-server.json` in the folder, when it is there. */
export function readSettings(
  file: string | undefined,
  cwd: string,
  env: { readonly [name: string]: string | undefined },
): ServerSettings {
  const full = path.resolve(cwd, file ?? settingsFile);
  if (file !== undefined && !existsSync(full)) {
    throw new OperationError("not_found", `the settings file ${file} does not exist`);
  }
  const fromFile = existsSync(full) ? parseJson(full) : {};
  const result = settingsSchema.safeParse(overlay(fromFile, env));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || "settings"}: ${issue.message}`);
  throw new OperationError("invalid", `wrong settings (${full} and PORPOISE_… variables): ${problems.join("; ")}`);
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new OperationError("invalid", `${file} is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `PORPOISE_API_WIRE_PORT` stands for `api.wirePort`. */
function overlay(fromFile: unknown, env: { readonly [name: string]: string | undefined }): unknown {
  if (!isRecord(fromFile)) return fromFile;
  const visit = (shape: object, given: unknown, prefix: string): Record<string, unknown> => {
    const result: Record<string, unknown> = isRecord(given) ? { ...given } : {};
    for (const [key, value] of Object.entries(shape)) {
      const name = `${prefix}_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
      if (isRecord(value)) result[key] = visit(value, result[key], name);
      else if (env[name] !== undefined) result[key] = env[name];
    }
    return result;
  };
  return visit(defaultSettings(), fromFile, "PORPOISE");
}

/** For `--print-config`: what a person may see. */
export const withoutSecrets = (settings: ServerSettings): object => {
  const hidden = (text: string): string => (text === "" ? "" : "***");
  return {
    ...settings,
    secret: hidden(settings.secret),
    encryptionKey: hidden(settings.encryptionKey),
    mail: { ...settings.mail, password: hidden(settings.mail.password) },
    database: { ...settings.database, password: hidden(settings.database.password) },
    api: { ...settings.api, token: hidden(settings.api.token) },
  };
};
