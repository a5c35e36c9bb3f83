// What a text declares, as far as it can be read: names for the client's menus.

import { draftOf, openDocument } from "../scheduler/language/document.ts";
import type { Outline } from "./protocol.ts";

/** Undefined where the text holds no workflow with a name. */
export function outlineOf(text: string): Outline | undefined {
  const blocks = openDocument(text).blocks();
  const drafts = blocks.map(draftOf);
  const workflow = drafts.find((draft) => draft.kind === "workflow");
  if (workflow?.name === undefined) return undefined;
  const tasks = drafts.flatMap((draft) => (draft.kind === "task" && draft.name !== undefined ? [draft.name] : []));
  return {
    ...(workflow.project === undefined ? {} : { project: workflow.project }),
    workflow: workflow.name,
    params: workflow.params.map(({ name, type, value }) => ({ name, type, ...(value === undefined ? {} : { value }) })),
    tasks,
    files: [...new Set(blocks.flatMap(({ summary }) => summary.files.map((file) => file.text)))],
  };
}
