import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** What the user asked for. Absent values are taken from the data directory, else the default. */
export interface StartOptions {
  /** Absent: etcd, and memory when there is no way to get etcd. */
  readonly store?: "etcd" | "memory";
  readonly regions?: readonly string[];
  /** Shards in each region, 1 to 8. */
  readonly shards?: number;
  /** Members of each shard. */
  readonly members?: 1 | 3;
  /** Absolute path. */
  readonly dataDir: string;
  /** Port of the first router; the others follow. 0: any free ports, for everything. */
  readonly portBase: number;
  /** The record is kept by Kafka, Postgres and S3, and not by one process in memory. */
  readonly audit: boolean;
  /** Everything shows certificates to each other, signed by an authority made here. */
  readonly tls: boolean;
  readonly json: boolean;
}

export type ParsedOptions =
  | { readonly kind: "run"; readonly options: StartOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const REGIONS_DEFAULT: readonly string[] = ["us-east-1", "us-west-2", "eu-west-1"];
export const SHARDS_DEFAULT = 2;
export const PORT_BASE_DEFAULT = 7420;
export const REGIONS_MAX = 8;
export const SHARDS_MAX = 8;
/** Etcd's ports lie 16,370 and more above; they must fit below 65,536. */
export const PORT_BASE_MAX = 45_000;

export const USAGE = `Usage: npm start -- [options]

Runs Holdfast on this machine: regions, shards, routers and coordinators, each a
process of its own. Ctrl-C stops them all; data and locks stay for the next
start.

  --members 1|3        etcd members of each shard (default 1; 3 survives the
                       loss of one)
  --store etcd|memory  memory needs no etcd and forgets everything when it
                       stops; without this option memory is used, and said so,
                       if etcd cannot be had; global locks need etcd
  --regions a,b,c      names of the regions; global locks need exactly three
                       (default ${REGIONS_DEFAULT.join(",")})
  --audit              keep the record of what happened for good: Kafka,
                       Postgres, Redis and S3, fetched once, and the services
                       that fill them; without it one process remembers the
                       last of it until it is stopped
  --tls                make certificates, and speak nothing but TLS that both
                       sides show one for
  --shards N           shards in each region, 1 to ${SHARDS_MAX} (default ${SHARDS_DEFAULT})
  --data-dir DIR       where data, logs and endpoints.json lie
                       (default .holdfast)
  --port-base N        port of the first router, the others follow; that of the
                       first coordinator is 10 more, that of the record 20
                       (default ${PORT_BASE_DEFAULT}); 0 takes any free ports
  --json               one JSON object a line on stdout, for programs
  --help               this text

Regions, shards and members of a data directory are fixed by its first start.`;

/** Reads the command line; `dataDirDefault` is used when it names none. */
export function parseOptions(
  argv: readonly string[],
  cwd: string,
  dataDirDefault: string,
): ParsedOptions {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        members: { type: "string" },
        store: { type: "string" },
        regions: { type: "string" },
        shards: { type: "string" },
        "data-dir": { type: "string" },
        "port-base": { type: "string" },
        audit: { type: "boolean" },
        tls: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    return wrong((error as Error).message.split(". ")[0] ?? "unknown option");
  }
  if (values.help === true) return { kind: "help" };
  return checkValues(values, cwd, dataDirDefault);
}

function checkValues(
  values: Readonly<Record<string, string | boolean | undefined>>,
  cwd: string,
  dataDirDefault: string,
): ParsedOptions {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  const store = text("store");
  if (store !== undefined && store !== "etcd" && store !== "memory") {
    return wrong(`--store takes etcd or memory, not ${quoted(store)}`);
  }
  const audit = values.audit === true;
  if (audit && store === "memory") {
    return wrong("--audit needs etcd: what the memory store has done cannot be read back");
  }
  const members = text("members");
  if (members !== undefined && members !== "1" && members !== "3") {
    return wrong(`--members takes 1 or 3, not ${quoted(members)}`);
  }
  const shards = wholeNumber(text("shards"), 1, SHARDS_MAX);
  if (shards === "wrong") return wrong(`--shards takes a number from 1 to ${SHARDS_MAX}`);
  const portBase = wholeNumber(text("port-base"), 0, PORT_BASE_MAX);
  if (portBase === "wrong" || (portBase !== undefined && portBase > 0 && portBase < 1024)) {
    return wrong(`--port-base takes 0 or a number from 1024 to ${PORT_BASE_MAX}`);
  }
  const dataDir = text("data-dir");
  if (dataDir === "") return wrong("--data-dir takes a folder");
  const regions = text("regions")?.split(",");
  const regionFault = regions === undefined ? undefined : faultInRegions(regions);
  if (regionFault !== undefined) return wrong(regionFault);
  return {
    kind: "run",
    options: {
      ...(store === undefined ? {} : { store }),
      ...(regions === undefined ? {} : { regions }),
      ...(shards === undefined ? {} : { shards }),
      ...(members === undefined ? {} : { members: members === "3" ? 3 : 1 }),
      dataDir: resolve(cwd, dataDir ?? dataDirDefault),
      portBase: portBase ?? PORT_BASE_DEFAULT,
      audit,
      tls: values.tls === true,
      json: values.json === true,
    },
  };
}

function faultInRegions(regions: readonly string[]): string | undefined {
  if (regions.length > REGIONS_MAX) return `--regions takes at most ${REGIONS_MAX} names`;
  // The characters a region may have in a handle, a folder name and HOLDFAST_PEERS alike.
  if (regions.includes("global")) {
    return '--regions: "global" means the locks of all regions, and is no region\'s name';
  }
  const bad = regions.find((region) => !/^[a-z][a-z0-9-]{0,31}$/.test(region));
  if (bad !== undefined) {
    const rule = "a-z, 0-9 and -, a letter first, at most 32";
    return `--regions: ${quoted(bad)} is no region name (${rule})`;
  }
  const twice = regions.find((region, i) => regions.indexOf(region) !== i);
  return twice === undefined ? undefined : `--regions names ${twice} twice`;
}

function wholeNumber(
  text: string | undefined,
  least: number,
  most: number,
): number | undefined | "wrong" {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) return "wrong";
  const value = Number(text);
  return value >= least && value <= most ? value : "wrong";
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function wrong(message: string): ParsedOptions {
  return { kind: "wrong", message };
}
