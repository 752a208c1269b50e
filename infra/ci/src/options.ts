import { parseArgs } from "node:util";
import { groups, type Suite, suites } from "./suite.ts";

/** How the runner is called. */
export const usage = `Usage: npm test [-- --only <suite>[,<suite>…]] [-- --fast]

  --only   these suites alone: ${suites.map(({ name }) => name).join(", ")};
           or a group: ${Object.keys(groups).join(", ")}
  --fast   what needs no server and no patience: ${(groups.verify ?? []).join(", ")}

Exit codes: 0 all passed, 1 something failed, 64 wrong usage, 130 interrupted.`;

/** What was asked for. */
export type Options =
  | { readonly kind: "run"; readonly suites: readonly Suite[] }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly why: string };

/** Reads the command line, without the names of Node and the script. */
export function optionsFrom(args: readonly string[]): Options {
  let values: { only?: string[]; fast?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true },
        fast: { type: "boolean" },
        help: { type: "boolean" },
      },
    }));
  } catch (error) {
    return { kind: "wrong", why: error instanceof Error ? error.message : String(error) };
  }
  if (values.help === true) return { kind: "help" };
  const asked = (values.only ?? []).flatMap((names) => names.split(","));
  if (values.fast === true) asked.push("verify");
  if (asked.length === 0) return { kind: "run", suites };
  const names = asked.flatMap((name) => groups[name] ?? [name]);
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) return { kind: "wrong", why: `${unknown} is no suite` };
  return { kind: "run", suites: suites.filter(({ name }) => names.includes(name)) };
}
