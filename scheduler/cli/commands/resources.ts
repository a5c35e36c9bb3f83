// `porpoise get`, `set` and `delete`: what a server is given by its people. `porpoise alerts`: what it raised.

import { readFileSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import type { Page } from "../../api/contract.ts";
import type { alertSchema } from "../../api/resource-contract.ts";
import { OperationError } from "../../model/operation-error.ts";
import type { Client } from "../client.ts";
import { type ExitCode, type Io, print, printJson, say } from "../io.ts";
import { table } from "../render.ts";

/** How a field is written as `field=value`. */
type Form = "text" | "number" | "list" | "map" | "json";

interface Kind {
  readonly path: string;
  readonly fields: { readonly [name: string]: Form };
}

const kinds: { readonly [word: string]: Kind } = {
  environment: { path: "/environments", fields: { description: "text", config: "text" } },
  "worker-group": { path: "/worker-groups", fields: { description: "text", workers: "list" } },
  "task-group": { path: "/task-groups", fields: { description: "text", size: "number" } },
  datasource: {
    path: "/datasources",
    fields: {
      description: "text",
      kind: "text",
      host: "text",
      port: "number",
      database: "text",
      user: "text",
      password: "text",
      options: "map",
    },
  },
  "alert-group": { path: "/alert-groups", fields: { description: "text", channels: "json" } },
  param: { path: "/projects/{p}/params", fields: { value: "text" } },
  user: { path: "/users", fields: { description: "text", grants: "map" } },
  token: { path: "/tokens", fields: { user: "text", grants: "map", expiresInDays: "number" } },
};

export const resourceWords: readonly string[] = Object.keys(kinds);

export interface ResourceOptions {
  /** Of a param: whose it is. */
  readonly project?: string;
  readonly json?: boolean;
}

type Thing = { readonly [field: string]: unknown };

export async function getResource(
  client: Client,
  io: Io,
  asked: { readonly kind: string; readonly name?: string },
  options: ResourceOptions,
): Promise<ExitCode> {
  const route = routeOf(asked.kind, options);
  if (asked.name !== undefined) {
    printJson(io, await client.get<Thing>(`${route}/${encodeURIComponent(asked.name)}`));
    return 0;
  }
  const all: Thing[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const cursor: string = next === "" ? "" : `?cursor=${encodeURIComponent(next)}`;
    const page: Page<Thing> = await client.get(`${route}${cursor}`);
    all.push(...page.items);
    next = page.next;
  }
  if (options.json) printJson(io, { items: all, next: null });
  else printTable(io, all);
  return 0;
}

export async function setResource(
  client: Client,
  io: Io,
  asked: { readonly kind: string; readonly name: string; readonly fields: readonly string[] },
  options: ResourceOptions,
): Promise<ExitCode> {
  const { kind, name } = asked;
  const route = routeOf(kind, options);
  const body = Object.fromEntries(asked.fields.map((field) => readField(io, kind, field)));
  // A token's text is told once: there is nothing to replace.
  const stored =
    kind === "token"
      ? await client.post<Thing>(route, { name, ...body })
      : await client.put<Thing>(`${route}/${encodeURIComponent(name)}`, body);
  printJson(io, stored);
  return 0;
}

export async function deleteResource(
  client: Client,
  io: Io,
  asked: { readonly kind: string; readonly name: string },
  options: ResourceOptions,
): Promise<ExitCode> {
  await client.delete(`${routeOf(asked.kind, options)}/${encodeURIComponent(asked.name)}`);
  say(io, `${asked.kind} ${asked.name} is removed`);
  return 0;
}

export async function alerts(
  client: Client,
  io: Io,
  options: { readonly instance?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const query = options.instance === undefined ? "" : `?instance=${encodeURIComponent(options.instance)}`;
  const page = await client.get<Page<z.infer<typeof alertSchema>>>(`/alerts${query}`);
  if (options.json) {
    printJson(io, page);
    return 0;
  }
  const rows = page.items.map((one) => [
    one.id,
    one.raisedAt,
    one.group,
    one.state,
    one.title,
    one.deliveries.map(({ to, answer }) => `${to}: ${answer}`).at(-1) ?? "",
  ]);
  print(io, table(io, ["ID", "RAISED", "GROUP", "STATE", "TITLE", "LAST ANSWER"], rows));
  return 0;
}

function routeOf(word: string, { project }: ResourceOptions): string {
  const route = kindOf(word).path;
  if (!route.includes("{p}")) return route;
  if (project === undefined) {
    throw new OperationError("invalid", `a ${word} belongs to a project: say which one with --project`);
  }
  return route.replace("{p}", encodeURIComponent(project));
}

function kindOf(word: string): Kind {
  const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
  if (kind !== undefined) return kind;
  throw new OperationError("invalid", `"${word}" is nothing a server holds: expected ${resourceWords.join(", ")}`);
}

/** `field=value`, `field=@file`, `field=@-` (standard input: what must not stand in a shell's history). */
function readField(io: Io, word: string, text: string): readonly [string, unknown] {
  const at = text.indexOf("=");
  const name = at < 0 ? text : text.slice(0, at);
  const { fields } = kindOf(word);
  const form = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (at < 0 || form === undefined) {
    const known = Object.keys(fields).map((field) => `${field}=…`);
    throw new OperationError("invalid", `"${text}" says nothing about a ${word}: expected ${known.join(", ")}`);
  }
  return [name, valueOfForm(form, name, fromFile(io, text.slice(at + 1)))];
}

function fromFile(io: Io, value: string): string {
  if (!value.startsWith("@")) return value;
  const file = value.slice(1);
  try {
    // A password that was piped in ends with a line end that is not part of it.
    return file === "-"
      ? readFileSync(0, "utf8").replace(/\r?\n$/, "")
      : readFileSync(path.resolve(io.cwd, file), "utf8");
  } catch (cause) {
    throw new OperationError("invalid", `cannot read ${file}: ${(cause as Error).message}`, { cause }); // readFileSync throws errors
  }
}

function valueOfForm(form: Form, name: string, value: string): unknown {
  const wrong = (expected: string): OperationError =>
    new OperationError("invalid", `${name} is "${value}", ${expected} was expected`);
  switch (form) {
    case "text":
      return value;
    case "number":
      if (value.trim() === "" || !Number.isFinite(Number(value))) throw wrong("a number");
      return Number(value);
    case "list":
      return value === "" ? [] : value.split(",").map((item) => item.trim());
    case "map":
      return Object.fromEntries(
        (value === "" ? [] : value.split(",")).map((pair) => {
          const [key = "", ...rest] = pair.split(":");
          if (rest.length === 0) throw wrong("key:value,key:value");
          return [key.trim(), rest.join(":").trim()];
        }),
      );
    case "json":
      try {
        return JSON.parse(value) as unknown;
      } catch {
        throw wrong("JSON");
      }
  }
}

function printTable(io: Io, things: readonly Thing[]): void {
  const columns = [...new Set(things.flatMap((thing) => Object.keys(thing)))];
  const cell = (value: unknown): string => {
    const text = typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value);
    const line = text.replaceAll(/\s*\n\s*/g, "; ");
    return line.length > 60 ? `${line.slice(0, 59)}…` : line;
  };
  const rows = things.map((thing) => columns.map((column) => cell(thing[column])));
  print(
    io,
    table(
      io,
      columns.map((column) => column.toUpperCase()),
      rows,
    ),
  );
}
