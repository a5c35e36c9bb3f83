// `project/workflow` as people write it, and the route it stands for.

import { OperationError } from "../model/operation-error.ts";

export function splitWorkflowName(text: string): { readonly project: string; readonly workflow: string } {
  const parts = text.split("/");
  const [project, workflow] = parts;
  if (parts.length === 2 && project && workflow) return { project, workflow };
  throw new OperationError("invalid", `"${text}" is no name of a workflow: expected project/workflow`);
}

export function workflowRoute(text: string): string {
  const { project, workflow } = splitWorkflowName(text);
  return `/projects/${encodeURIComponent(project)}/workflows/${encodeURIComponent(workflow)}`;
}
