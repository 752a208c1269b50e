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
  /** Events among which the timeline of one lock is looked for. */
  readonly rows: number;
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

export const usage = `npm run bench -- local|global|audit [--seconds N] [--only KEY]... [--json FILE] [--profile DIR]

  local          one region against what else could lock on this machine
  global         three regions, an ocean apart, against an etcd cluster stretched over them
  audit          what keeps the record of locks: etcd to Kafka to Postgres

  --seconds N    length of a measured round, 1 to 60 (3: about four minutes in all, audit
                 twenty; without it five rounds of 10 s each, about fifteen, audit forty)
  --only KEY     only what this figure needs ("local.vs_redlock", "waiters"), may be repeated;
                 or one part, local:  ${partsOf.local.join(", ")}
                              global: ${partsOf.global.join(", ")}
                              audit:  ${partsOf.audit.join(", ")}
  --rows N       audit: events among which the timeline of one lock is looked for, 10,000 to
                 100,000,000; 1,000,000 if left out (10,000,000 take 9 GB)
  --json FILE    write the figures as one flat JSON object
  --profile DIR  write CPU profiles of the clients' and the services' processes
  --help         this

A contender whose server this machine cannot have is skipped, with the reason.`;

const rowsDefault = 1_000_000;
const rowsMin = 10_000;
const rowsMax = 100_000_000;

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
    return { kind: "usage", message: 'Say what to measure: "local", "global" or "audit".' };
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 60)) {
    return { kind: "usage", message: `--seconds is 1 to 60, not ${values.seconds}.` };
  }
  const rows = values.rows === undefined ? rowsDefault : Number(values.rows);
  if (!(Number.isInteger(rows / 2) && rows >= rowsMin && rows <= rowsMax)) {
    return { kind: "usage", message: `--rows is even, 10,000 to 100,000,000, not ${values.rows}.` };
  }
  if (values.rows !== undefined && suite !== "audit") {
    return { kind: "usage", message: "--rows is for audit alone." };
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
    rows,
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
      rows: { type: "string" },
      only: { type: "string", multiple: true },
      json: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean" },
    },
  });
}
