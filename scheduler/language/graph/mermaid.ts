// A graph as Mermaid text, for Markdown pages.

import type { TaskGraph } from "./task-graph.ts";

export function mermaid({ nodes, edges }: TaskGraph): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `t${index}`]));
  const shapes: { readonly [type: string]: readonly [string, string] } = {
    switch: ["{", "}"],
    conditions: ["{", "}"],
    dependent: ["([", "])"],
    sub_workflow: ["[[", "]]"],
  };
  const lines = nodes.map(({ name, type }) => {
    const [open, close] = shapes[type] ?? ["[", "]"];
    return `  ${ids.get(name)}${open}"${escaped(name)}<br/><small>${escaped(type)}</small>"${close}`;
  });
  const links = edges.map(({ from, to, isBranch }) => `  ${ids.get(from)} ${isBranch ? "-.->" : "-->"} ${ids.get(to)}`);
  return `${["flowchart LR", ...lines, ...links].join("\n")}\n`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
