// The runs tree: workflows, their newest instances, their tasks, with states that change as they happen.

import * as vscode from "vscode";
import type { InstanceShape } from "../../scheduler/api/contract.ts";
import type { Session } from "../session.ts";
import { isOver } from "../states.ts";
import { type AnyNode, instanceItem, taskItem, workflowItem } from "./run-items.ts";
import { createRunsStore, type RunsStore } from "./runs-store.ts";

const refreshMs = 2_000;

export function registerRunsTree(context: vscode.ExtensionContext, session: Session): void {
  const changed = new vscode.EventEmitter<undefined>();
  let store: RunsStore | undefined;
  let refreshing = false;

  const provider: vscode.TreeDataProvider<AnyNode> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: (node) => itemOf(node),
    getChildren: (node) => (store === undefined ? [] : childrenOf(store, node)),
  };
  const view = vscode.window.createTreeView("porpoise.runs", { treeDataProvider: provider, showCollapseAll: true });

  const refresh = async () => {
    if (store === undefined || refreshing) return;
    refreshing = true;
    try {
      await store.refresh();
      view.message = "";
    } catch {
      // That the scheduler is away, and why, is said by the session: in the status bar and above the tree.
    } finally {
      refreshing = false;
    }
  };

  const follow = () => {
    const state = session.state();
    if (state.kind === "unreachable") {
      view.message = vscode.l10n.t("{0} (trying again)", state.reason);
      return;
    }
    store?.dispose();
    store =
      state.kind === "connected"
        ? createRunsStore({ client: state.client, changed: () => changed.fire(undefined) })
        : undefined;
    view.message = "";
    changed.fire(undefined);
    void refresh();
  };
  const timer = setInterval(() => {
    if (view.visible) void refresh();
  }, refreshMs);

  context.subscriptions.push(
    view,
    changed,
    { dispose: () => clearInterval(timer) },
    { dispose: () => store?.dispose() },
    session.onDidChange(follow),
    view.onDidChangeVisibility(({ visible }) => visible && void refresh()),
    view.onDidCollapseElement(({ element }) => {
      if (element.kind === "workflow") store?.close({ workflow: element.shape });
      if (element.kind === "instance") store?.close({ instance: element.shape.id });
    }),
    vscode.commands.registerCommand("porpoise.refreshRuns", refresh),
  );
  follow();
}

async function childrenOf(store: RunsStore, node: AnyNode | undefined): Promise<AnyNode[]> {
  if (node === undefined) return store.workflows().map((shape): AnyNode => ({ kind: "workflow", shape }));
  switch (node.kind) {
    case "workflow": {
      const instances = await store.openWorkflow(node.shape);
      // An opened instance is watched and so is newer than the list.
      return instances.map((shape): AnyNode => ({ kind: "instance", shape: newer(shape, store.instance(shape.id)) }));
    }
    case "instance": {
      const instance = await store.openInstance(node.shape.id);
      return (instance.tasks ?? []).map((shape): AnyNode => ({ kind: "task", instance, shape }));
    }
    case "task":
      return [];
  }
}

function newer(listed: InstanceShape, watched: InstanceShape | undefined): InstanceShape {
  return watched !== undefined && (isOver(watched.state) || !isOver(listed.state)) ? watched : listed;
}

function itemOf(node: AnyNode): vscode.TreeItem {
  switch (node.kind) {
    case "workflow":
      return workflowItem(node.shape);
    case "instance":
      return instanceItem(node.shape);
    case "task":
      return taskItem(node.instance, node.shape);
  }
}
