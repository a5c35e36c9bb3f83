// Deploying: source text in, versions out. The same compiler as the editor's decides what is right.

import { createHash } from "node:crypto";
import path from "node:path/posix";
import { z } from "zod";
import type { ServerNames } from "../../language/check-workspace.ts";
import { type CompiledFile, compile } from "../../language/compile.ts";
import type { Needs } from "../../language/needs.ts";
import { OperationError } from "../../model/operation-error.ts";
import { type DeployedWorkflow, deploy, removeWorkflow, setScheduleOnline } from "../../store/deployments.ts";
import { loadDefinition } from "../../store/loading.ts";
import { versions } from "../../store/queries.ts";
import { ProblemsError } from "../app.ts";
import {
  type DeployRequest,
  type DeployResponse,
  deploymentSchema,
  deployRequestSchema,
  deployResponseSchema,
  type ProblemShape,
  workflowSchema,
} from "../contract.ts";
import { problemShape, workflowShape } from "../present.ts";
import { type Route, route } from "../route.ts";
import { makeNeeded, serverNames } from "../server-names.ts";
import { deployedWorkflow, type RouteDeps } from "./deps.ts";

export function deploymentRoutes(deps: RouteDeps): readonly Route[] {
  const { database } = deps;
  return [
    route({
      method: "post",
      path: "/deployments",
      remembersAnswer: true,
      summary: "Compile, check and store new versions, all or nothing; `plan` only tells what would change.",
      role: "author",
      isForAnyProject: true,
      body: deployRequestSchema,
      answer: deployResponseSchema,
      handle: async ({ body, access }): Promise<DeployResponse> => {
        const { workflows, contents, needs, problems } = read(body, await serverNames(database, deps.registry));
        for (const { definition } of workflows) access.demand("author", definition.project);
        // Before the workflows: none of them may start without what it needs.
        const made = body.plan ? [] : await makeNeeded(database, needs);
        const results = await deploy(database, {
          workflows,
          contents,
          deployedBy: access.name,
          prune: body.prune ?? false,
          plan: body.plan ?? false,
        });
        deps.wake();
        return {
          made: [...made],
          deployments: results.map((one) => ({ ...one, changes: one.changes.map((change) => ({ ...change })) })),
          problems: [...problems],
        };
      },
    }),
    route({
      method: "post",
      path: "/projects/{p}/workflows/{w}/rollback",
      remembersAnswer: true,
      summary: "Deploy an older version again, as the newest.",
      role: "author",
      body: z.strictObject({ version: z.int().min(1) }),
      answer: deploymentSchema,
      handle: async ({ params, body, access }) => {
        const found = await deployedWorkflow(deps, params);
        const [loaded, info] = await Promise.all([
          loadDefinition(database, found.id, body.version),
          versions(database, found.id).then((list) => list.find((one) => one.version === body.version)),
        ]);
        if (!loaded || !info) {
          throw new OperationError("not_found", `${found.project}/${found.name} has no version ${body.version}`);
        }
        const workflow = { definition: loaded.definition, path: info.path, source: info.source, files: loaded.files };
        const results = await deploy(database, {
          workflows: [workflow],
          contents: new Map(),
          deployedBy: access.name,
          prune: false,
          plan: false,
        });
        return results[0];
      },
    }),
    route({
      method: "put",
      path: "/projects/{p}/workflows/{w}/schedule",
      summary: "Switch a schedule on, from now on, or off.",
      body: z.strictObject({ online: z.boolean() }),
      answer: workflowSchema,
      handle: async ({ params, body }) => {
        const found = await deployedWorkflow(deps, params);
        if (!(await setScheduleOnline(database, found.id, body.online))) {
          throw new OperationError(
            "conflict",
            `${found.project}/${found.name} has no schedule: add \`schedule = cron("…")\` and deploy`,
          );
        }
        return workflowShape(await deployedWorkflow(deps, params), undefined);
      },
    }),
    route({
      method: "delete",
      path: "/projects/{p}/workflows/{w}",
      remembersAnswer: true,
      summary: "Take a workflow out of use; its versions and history stay.",
      role: "author",
      handle: async ({ params }) => {
        await removeWorkflow(database, (await deployedWorkflow(deps, params)).id);
      },
    }),
  ];
}

interface ReadDeployment {
  readonly workflows: readonly DeployedWorkflow[];
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly needs: readonly Needs[];
  readonly problems: readonly ProblemShape[];
}

function read(request: DeployRequest, known: ServerNames): ReadDeployment {
  const bytes = new Map(request.files.map((file) => [file.path, Buffer.from(file.text, file.encoding ?? "utf8")]));
  const compiled = compile(
    // Bytes that are no UTF-8 read as replacement characters, which the compiler knows for what they are.
    request.files.map((file) => ({ path: file.path, text: bytes.get(file.path)?.toString("utf8") ?? "" })),
    { hasFile: (file) => bytes.has(file), known },
  );
  const problems = compiled.flatMap((file) => file.problems.map((problem) => problemShape(file.path, problem)));
  const errors = problems.filter((problem) => problem.severity === "error");
  if (errors.length > 0) {
    const count = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
    throw new ProblemsError(`nothing was deployed: ${count} found`, problems);
  }
  const contents = new Map<string, Uint8Array>();
  const workflows = compiled.flatMap((file) => deployable(file, request, bytes, contents));
  if (workflows.length === 0) throw new OperationError("invalid", "no .flow file with a workflow was sent");
  return { workflows, contents, needs: compiled.flatMap((file) => file.needs ?? []), problems };
}

function deployable(
  file: CompiledFile,
  request: DeployRequest,
  bytes: ReadonlyMap<string, Uint8Array>,
  contents: Map<string, Uint8Array>,
): readonly DeployedWorkflow[] {
  const { definition } = file;
  if (!definition) return [];
  const named = [...new Set(definition.tasks.flatMap((task) => task.files))].sort();
  const files = named.map((name) => {
    const content = bytes.get(path.join(path.dirname(file.path), name));
    if (!content) {
      throw new OperationError("invalid", `${file.path} needs the file ${name}, which was not sent with it`);
    }
    const sha256 = createHash("sha256").update(content).digest("hex");
    contents.set(sha256, content);
    return { path: name, sha256 };
  });
  const source = request.files.find((one) => one.path === file.path)?.text ?? "";
  return [{ definition, path: file.path, source, files }];
}
