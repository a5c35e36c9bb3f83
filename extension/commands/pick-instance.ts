// Finds out which instance a command means: that of the tree's row, or one from the list of the newest.

import * as vscode from "vscode";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import type { Client } from "../client.ts";
import { isOver, lookOf } from "../states.ts";
import type { AnyNode } from "../views/run-items.ts";
import { clock, day, stateWord } from "../words.ts";
import { choose } from "./option-menu.ts";

const listed = 50;

export interface Question {
  readonly title: string;
  readonly accepts: (instance: InstanceShape) => boolean;
  /** Said when there is nothing to choose from. */
  readonly none: string;
}

export const isActive = (instance: InstanceShape): boolean => !isOver(instance.state);

export async function pickInstance(
  client: Client,
  node: AnyNode | undefined,
  { title, accepts, none }: Question,
): Promise<InstanceShape | undefined> {
  if (node?.kind === "instance") return node.shape;
  if (node?.kind === "task") return node.instance;
  const { items } = await client.instances({ limit: listed });
  const choices = items.filter(accepts).map((value) => ({
    label: `$(${lookOf(value.state).icon}) ${value.workflow} #${value.id}`,
    description: [
      value.scheduleTime === null ? undefined : day(value.scheduleTime),
      stateWord(value.state),
      value.startedAt === null ? undefined : clock(value.startedAt),
    ]
      .filter((word) => word !== undefined)
      .join(" · "),
    value,
  }));
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(none);
    return undefined;
  }
  return choose(title, choices);
}
