// The house's floors: which folder may import which, no cycles, nothing forgotten in a list.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { registries } from "../scheduler/registry/registries.ts";
import { taskTypes } from "../scheduler/tasks/task-types.ts";
import { executors } from "../scheduler/worker/executors.ts";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

interface Floor {
  /** Folders of this house; `*` is all of them. */
  readonly may: readonly string[];
  /** Packages; `node:` where Node's own modules are allowed. */
  readonly packages: readonly string[];
  /** Only their types, which are gone at run time. */
  readonly types?: readonly string[];
}

const log = ["pino", "prom-client"];

const floors: { readonly [folder: string]: Floor } = {
  "scheduler/model": { may: [], packages: ["temporal-polyfill"] },
  "scheduler/clock": { may: ["scheduler/model"], packages: ["node:"] },
  "scheduler/tasks": { may: ["scheduler/model"], packages: [] },
  "scheduler/language": {
    may: ["scheduler/model", "scheduler/tasks"],
    packages: ["@dagrejs/dagre", "cronstrue", "yaml"],
  },
  "scheduler/registry": {
    may: ["scheduler/clock", "scheduler/model"],
    packages: ["node:", "node-zookeeper-client", "knex"],
  },
  "scheduler/store": { may: ["scheduler/clock", "scheduler/model"], packages: ["node:", "knex", "mysql2"] },
  "scheduler/wire": { may: ["scheduler/clock", "scheduler/model"], packages: ["node:"] },
  "scheduler/logs": { may: ["scheduler/clock", "scheduler/model"], packages: ["node:"] },
  "scheduler/worker": {
    may: [
      "scheduler/clock",
      "scheduler/model",
      "scheduler/tasks",
      "scheduler/registry",
      "scheduler/wire",
      "scheduler/logs",
    ],
    packages: ["node:", "mysql2", "pg", ...log],
  },
  "scheduler/master": {
    may: [
      "scheduler/clock",
      "scheduler/model",
      "scheduler/tasks",
      "scheduler/registry",
      "scheduler/wire",
      "scheduler/store",
    ],
    packages: ["node:", "nodemailer", ...log],
  },
  "scheduler/api": {
    may: [
      "scheduler/clock",
      "scheduler/model",
      "scheduler/tasks",
      "scheduler/language",
      "scheduler/store",
      "scheduler/logs",
      "scheduler/registry",
      "scheduler/wire",
    ],
    packages: ["node:", "express", "zod", "@asteasolutions/zod-to-openapi", ...log],
  },
  "scheduler/cli": {
    may: ["scheduler/*", "server", "package.json"],
    packages: ["node:", "commander", "zod", "eventsource-parser", ...log],
  },
  server: {
    may: ["scheduler/language", "scheduler/tasks", "scheduler/model"],
    packages: ["node:", "vscode-languageserver", "vscode-languageserver-textdocument"],
  },
  extension: {
    may: [],
    types: ["scheduler/api/contract.ts", "server/protocol.ts"],
    packages: ["node:", "vscode", "vscode-languageclient", "eventsource-parser"],
  },
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = globSync("{scheduler,server,extension}/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".d.ts"));
const imports = files.flatMap(importsOf);

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\b(import)\(\s*"([^"]+)"\s*\)/g);
  return [...found, ...dynamic].map(([, type, target = ""]) => ({
    from: file,
    to: target.startsWith(".") ? path.join(path.dirname(file), target) : target,
    isType: type !== undefined && type !== "import",
  }));
}

const floorOf = (file: string): string => {
  const parts = file.split("/");
  return parts[0] === "scheduler" ? `${parts[0]}/${parts[1]}` : (parts[0] ?? "");
};
const isOurs = (target: string): boolean => /^(scheduler|server|extension|test|package\.json)/.test(target);

describe("the floors", () => {
  for (const [folder, floor] of Object.entries(floors)) {
    test(`${folder} imports only what its floor may`, () => {
      const wrong = imports
        .filter(({ from }) => floorOf(from) === folder)
        .filter((one) => !isAllowed(folder, floor, one))
        .map(({ from, to }) => `${from} imports ${to}`);
      assert.deepEqual(wrong, []);
    });
  }
  test("every file lies on a floor", () => {
    assert.deepEqual(
      [...new Set(files.map(floorOf))].filter((folder) => !floors[folder]),
      [],
    );
  });
});

function isAllowed(folder: string, floor: Floor, { from, to, isType }: Import): boolean {
  if (!isOurs(to)) {
    if (to.startsWith("node:")) return floor.packages.includes("node:");
    const name = to.startsWith("@") ? to.split("/").slice(0, 2).join("/") : (to.split("/")[0] ?? to);
    return floor.packages.includes(name);
  }
  if (floorOf(to) === folder) return true;
  // The command serves the language server, and the extension packages both: only their types go the other way.
  if (isType && floor.types?.includes(to)) return true;
  // `server/protocol.ts` also holds names that both sides need at run time.
  if (folder === "extension" && to === "server/protocol.ts") return true;
  if (floor.may.includes("scheduler/*") && to.startsWith("scheduler/")) return true;
  return floor.may.some((allowed) => to === allowed || to.startsWith(`${allowed}/`)) && from !== to;
}

test("no file imports itself in a circle", () => {
  const next = new Map<string, string[]>();
  for (const { from, to, isType } of imports) {
    if (isType || !isOurs(to)) continue;
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) assert.fail(`a circle: ${[...trail.slice(trail.indexOf(file)), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const other of next.get(file) ?? []) visit(other, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test("model, tasks and language read no clock, random number, environment or network", () => {
  const forbidden = /\b(Date\.now|new Date\(\)|Math\.random|process\.|performance\.|setTimeout|setInterval|fetch\()/;
  const wrong = files
    .filter((file) => /^scheduler\/(model|tasks|language)\//.test(file))
    .flatMap((file) =>
      readFileSync(path.join(root, file), "utf8")
        .split("\n")
        .flatMap((line, index) =>
          forbidden.test(line.replace(/\/\/.*$|^\s*(\/\*)?\*.*$/, "")) ? [`${file}:${index + 1} ${line.trim()}`] : [],
        ),
    );
  assert.deepEqual(wrong, []);
});

test("every task type that workers run has an executor, and every executor a task type", () => {
  const runs = taskTypes.filter((type) => type.runBy === "worker").map((type) => type.name);
  assert.deepEqual([...executors([]).keys()].sort(), [...runs].sort());
});

test("every executor's file is in the index", () => {
  const inFolder = globSync("scheduler/worker/executors/*.ts", { cwd: root }).map((file) => path.basename(file, ".ts"));
  const text = readFileSync(path.join(root, "scheduler/worker/executors.ts"), "utf8");
  assert.deepEqual(
    inFolder.filter((name) => !text.includes(`./executors/${name}.ts`)),
    [],
  );
});

test("every registry is listed", () => {
  const text = readFileSync(path.join(root, "scheduler/registry/registries.ts"), "utf8");
  assert.deepEqual(Object.keys(registries).sort(), ["database", "etcd", "zookeeper"]);
  for (const type of Object.keys(registries)) assert.ok(text.includes(`./${type}.ts`), `${type}.ts is not imported`);
});

test("every command of the editor is registered and named in the manifest", () => {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const named: readonly string[] = manifest.contributes.commands.map((one: { command: string }) => one.command);
  const text = ["server/protocol.ts", ...globSync("extension/**/*.ts", { cwd: root })]
    .map((file) => readFileSync(path.join(root, file), "utf8"))
    .join("\n");
  assert.deepEqual(
    named.filter((command) => !text.includes(`"${command}"`)),
    [],
  );
});
