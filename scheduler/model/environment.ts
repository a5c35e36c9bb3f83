// An environment's text: `export NAME=value` lines, as people write them for a shell, read strictly and never run.

export type EnvironmentResult =
  | { readonly ok: true; readonly variables: { readonly [name: string]: string } }
  | { readonly ok: false; readonly problem: string };

const line = /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/;

/** Values may stand in single quotes (nothing in them means anything) or double quotes (`\"`, `\\`, `\$`, `\n`); `#` lines are comments. */
export function readEnvironment(text: string): EnvironmentResult {
  const variables: Record<string, string> = {};
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const trimmed = written.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name, rest] = line.exec(trimmed) ?? [];
    if (name === undefined || rest === undefined) {
      return { ok: false, problem: `line ${index + 1} is "${trimmed}", must be like: export NAME=value` };
    }
    const value = readValue(rest);
    if (value === undefined) {
      const hint = "quote a value with spaces or signs: export NAME='a value'";
      return { ok: false, problem: `line ${index + 1}: the value of ${name} cannot be read: ${hint}` };
    }
    variables[name] = value;
  }
  return { ok: true, variables };
}

/** Undefined: a shell would do something with it (expand, run, split), which is not done here. */
function readValue(written: string): string | undefined {
  const single = /^'([^']*)'$/.exec(written);
  if (single) return single[1];
  const double = /^"((?:[^"\\$`]|\\.)*)"$/.exec(written);
  if (double?.[1] !== undefined) {
    return double[1].replace(/\\(.)/g, (whole, sign: string) => escapes[sign] ?? whole);
  }
  return /^[^\s'"\\$`;&|<>(){}#]*$/.test(written) ? written : undefined;
}

const escapes: { readonly [sign: string]: string } = { '"': '"', "\\": "\\", $: "$", "`": "`", n: "\n" };
