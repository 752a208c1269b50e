import { parseArgs } from "node:util";
import { isSuite, type Part, partsFor, partsOf, type Suite } from "./parts.ts";

/** What the command line asks for. */
export interface Options {
  readonly kind: "run";
  readonly suite: Suite;
  /** Length of a measured round, in seconds. */
  readonly roundS: number;
  /** How many rounds of each contender. */
  readonly rounds: number;
  readonly parts: ReadonlySet<Part>;
  /** Where the figures go. */
  readonly jsonPath?: string;
  /** Where CPU profiles of the clients and the services go. */
  readonly profileDir?: string;
}

/** The options, a wish for help, or what is wrong with them. */
export type ParsedOptions =
  | Options
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly message: string };

export const usage = `npm run bench -- local|global [--seconds N] [--only KEY]... [--json FILE] [--profile DIR]

  local          one region against what else could lock on this machine
  global         three regions, an ocean apart, against an etcd cluster stretched over them

  --seconds N    length of a measured round, 1 to 60 (3: about four minutes in all; without it
                 five rounds of 10 s each, about fifteen minutes)
  --only KEY     only what this figure needs ("local.vs_redlock", "waiters"), may be repeated;
                 or one part, local:  ${partsOf.local.join(", ")}
                              global: ${partsOf.global.join(", ")}
  --json FILE    write the figures as one flat JSON object
  --profile DIR  write CPU profiles of the clients' and the services' processes
  --help         this

A contender whose server this machine cannot have is skipped, with the reason.`;

/** Reads the arguments after \`npm run bench --\`. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return { kind: "usage", message: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { kind: "help" };
  const [suite] = positionals;
  if (positionals.length !== 1 || !isSuite(suite)) {
    return { kind: "usage", message: 'Say what to measure: "local" or "global".' };
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 60)) {
    return { kind: "usage", message: `--seconds is 1 to 60, not ${values.seconds}.` };
  }
  const wanted = new Set<Part>();
  for (const each of values.only ?? []) {
    const found = partsFor(suite, each);
    if (found.length === 0) return { kind: "usage", message: `No figure is called ${each}.` };
    for (const part of found) wanted.add(part);
  }
  return {
    kind: "run",
    suite,
    roundS: seconds ?? 10,
    rounds: seconds === undefined ? 5 : 3,
    parts: wanted.size === 0 ? new Set(partsOf[suite]) : wanted,
    ...(values.json === undefined ? {} : { jsonPath: values.json }),
    ...(values.profile === undefined ? {} : { profileDir: values.profile }),
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: "string" },
      only: { type: "string", multiple: true },
      json: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean" },
    },
  });
}
