import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EtcdPorts } from "@holdfast/toolchain/etcd-process";
import type { StartOptions } from "./options.ts";
import { EXIT_USAGE, type Refusal, refusal } from "./refusal.ts";

/** Format of the data directory. Raise it when an older Holdfast could not read what we write. */
export const DATA_VERSION = 1;

/** What the first start with etcd fixed; a later start must use the same. */
export interface EtcdData {
  readonly cluster: string;
  readonly regions: readonly string[];
  readonly shards: number;
  readonly members: 1 | 3;
  /** Written in etcd's own data as well, so the clusters cannot move to others. */
  readonly ports: EtcdPorts;
  /** Its members spoke TLS to each other when they ran last; they did not if absent. */
  readonly tls?: boolean;
}

/** The content of version.json. */
export interface DataDirRecord {
  readonly dataVersion: typeof DATA_VERSION;
  /** The release that wrote it first; for messages only. */
  readonly madeBy: string;
  /** Absent while the directory was used with the memory store only. */
  readonly etcd?: EtcdData;
}

export type DataDirState =
  | { readonly kind: "fresh" }
  | { readonly kind: "known"; readonly record: DataDirRecord }
  | Refusal;

const FILE = "version.json";
/** What a start may leave behind before it writes version.json. */
const OUR_NAMES = /^(lock|lock\..*|pid|logs|children\.json|endpoints\.json|version\.json\..*)$/;

/** Reads version.json and tells whether this Holdfast may use the directory. */
export function readDataDir(dataDir: string): DataDirState {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return judgeUnversioned(dataDir);
    return refusal(`${join(dataDir, FILE)} cannot be read: ${(error as Error).message}`, [
      "give --data-dir a folder you may read and write",
    ]);
  }
  return judgeRecord(dataDir, text);
}

function judgeUnversioned(dataDir: string): DataDirState {
  let names: string[];
  try {
    names = readdirSync(dataDir);
  } catch {
    return { kind: "fresh" };
  }
  const strange = names.find((name) => !OUR_NAMES.test(name));
  if (strange === undefined) return { kind: "fresh" };
  return refusal(
    `${dataDir} is not a Holdfast data directory: it holds ${strange} and no version.json`,
    ["give --data-dir an empty folder or a new name"],
  );
}

/** Judges the text of version.json. */
export function judgeRecord(dataDir: string, text: string): DataDirState {
  const elsewhere = "use another folder: npm start -- --data-dir <dir>";
  const remove = `or remove ${dataDir}, which forgets its locks`;
  let record: Partial<Omit<DataDirRecord, "dataVersion">> & { dataVersion?: unknown };
  try {
    record = JSON.parse(text);
  } catch {
    return refusal(`${join(dataDir, FILE)} is damaged: it is not JSON`, [elsewhere, remove]);
  }
  if (record?.dataVersion !== DATA_VERSION) {
    const by = typeof record?.madeBy === "string" ? ` by Holdfast ${record.madeBy}` : "";
    return refusal(
      `the data in ${dataDir} was made${by} in format ${record?.dataVersion}; ` +
        `this one reads format ${DATA_VERSION}`,
      [`run the Holdfast that made it, or ${elsewhere}`, remove],
    );
  }
  const etcd = record.etcd;
  if (etcd !== undefined && !isEtcdData(etcd)) {
    return refusal(`${join(dataDir, FILE)} is damaged: its etcd part is incomplete`, [
      elsewhere,
      remove,
    ]);
  }
  const madeBy = String(record.madeBy);
  return {
    kind: "known",
    record: { dataVersion: DATA_VERSION, madeBy, ...(etcd === undefined ? {} : { etcd }) },
  };
}

function isEtcdData(data: Partial<EtcdData>): data is EtcdData {
  const { cluster, regions, shards, members, ports } = data;
  if (typeof cluster !== "string" || !Array.isArray(regions)) return false;
  if (typeof shards !== "number" || (members !== 1 && members !== 3)) return false;
  const count = regions.length * shards * members;
  return ports?.client?.length === count && ports.peer?.length === count;
}

/** The first thing the user asked for that contradicts what the data was made with. */
export function contradiction(
  options: StartOptions,
  data: EtcdData,
  dataDir: string,
): Refusal | undefined {
  const asked = { shards: options.shards, members: options.members } as const;
  for (const name of ["shards", "members"] as const) {
    if (asked[name] === undefined || asked[name] === data[name]) continue;
    return mismatch(dataDir, `--${name} ${asked[name]}`, `--${name} ${data[name]}`);
  }
  // One member has nobody to talk to. Several find each other by addresses written in their data.
  if (data.members > 1 && options.tls !== (data.tls === true)) {
    return otherTls(dataDir, options.tls);
  }
  const regions = options.regions?.join(",");
  if (regions === undefined || regions === data.regions.join(",")) return undefined;
  return mismatch(dataDir, `--regions ${regions}`, `--regions ${data.regions.join(",")}`);
}

function otherTls(dataDir: string, asked: boolean): Refusal {
  const [before, remedy] = asked ? ["without", "leave --tls out"] : ["with", "add --tls"];
  return refusal(
    `the etcd members of ${dataDir} know each other by addresses ${before} TLS`,
    [
      `${remedy}: only data of a single member can change that`,
      "or use another folder: npm start -- --data-dir <dir>",
      `or remove ${dataDir}, which forgets its locks`,
    ],
    EXIT_USAGE,
  );
}

function mismatch(dataDir: string, asked: string, made: string): Refusal {
  return refusal(
    `${asked} was asked for, but the data in ${dataDir} was made with ${made}`,
    [
      "leave the option out: the data directory knows",
      `or use another folder: npm start -- ${asked} --data-dir <dir>`,
      `or remove ${dataDir}, which forgets its locks`,
    ],
    EXIT_USAGE,
  );
}

/** Writes version.json in one step: a start cut off in the middle leaves the old or the new one. */
export function writeDataDir(dataDir: string, record: DataDirRecord): void {
  mkdirSync(dataDir, { recursive: true });
  const draft = join(dataDir, `${FILE}.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(draft, join(dataDir, FILE));
}
