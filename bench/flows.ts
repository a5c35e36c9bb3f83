// Workflows for benchmarks, as text.

export interface FlowFile {
  readonly path: string;
  readonly text: string;
}

export interface FlowTask {
  readonly name: string;
  /** One line of sh. */
  readonly script: string;
}

/** In the project `bench`. */
export function flow(name: string, tasks: readonly FlowTask[], edges: readonly string[] = []): FlowFile {
  const blocks = tasks.map((task) => `task ${task.name}: shell {\n  \`\`\`sh\n  ${task.script}\n  \`\`\`\n}\n`);
  return { path: `${name}.flow`, text: `workflow bench/${name} {\n}\n\n${blocks.join("\n")}\n${edges.join("\n")}\n` };
}

export const names = (count: number, prefix = "t"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const echo = (name: string): FlowTask => ({ name, script: "echo done" });

export function chain(name: string, count: number): FlowFile {
  const all = names(count);
  return flow(name, all.map(echo), [all.join(" >> ")]);
}

export const fan = (name: string, count: number): FlowFile => flow(name, names(count).map(echo));

/** So many chains beside each other, each so long. */
export function chains(name: string, count: number, length: number): FlowFile {
  const all = names(count, "c").map((one) => names(length, `${one}_`));
  return flow(
    name,
    all.flat().map(echo),
    all.map((one) => one.join(" >> ")),
  );
}
