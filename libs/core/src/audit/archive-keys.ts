import { utf8 } from "@holdfast/base/bytes";

/** The objects of lines begin with this: what a lifecycle moves to colder storage. */
export const linesPrefix = "lines/";
/** Small, and read whenever an archive is asked what it holds: they stay where they are. */
export const manifestsPrefix = "manifests/";

/** What a part's objects are called after. */
export interface PartName {
  readonly day: string;
  readonly cluster: string;
  readonly part: number;
  /** Of the object of lines. */
  readonly sha256: Uint8Array;
}

/** So many hexadecimal digits of the hash are in a name. */
const hashDigits = 16;

/**
 * The key of a part's lines. The same content has the same key, and other content another one: a
 * repeated upload changes nothing, and two archivers never overwrite each other's objects.
 */
export function linesKey(name: PartName): string {
  return `${linesPrefix}${pathOf(name)}.ndjson.gz`;
}

/** The key of the manifest beside the lines under `key`; undefined: no lines are called so. */
export function manifestKeyFor(key: string): string | undefined {
  const path = /^lines\/(.+)\.ndjson\.gz$/.exec(key)?.[1];
  return path === undefined ? undefined : `${manifestsPrefix}${path}.json`;
}

/** Folders are written as tools expect them that ask such objects as tables. */
function pathOf({ day, cluster, part, sha256 }: PartName): string {
  const digits = Buffer.from(sha256).toString("hex").slice(0, hashDigits);
  const number = String(part).padStart(6, "0");
  return `day=${day}/cluster=${plain(cluster)}/part-${number}-${digits}`;
}

/** Letters and digits that every store and every tool takes as they are; one name, one text. */
function plain(name: string): string {
  return [...name]
    .map((char) => {
      if (/^[A-Za-z0-9.-]$/.test(char)) return char;
      return [...utf8(char)]
        .map((byte) => `_${byte.toString(16).toUpperCase().padStart(2, "0")}`)
        .join("");
    })
    .join("");
}
