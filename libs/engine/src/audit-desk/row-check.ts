import { utf8Text } from "@holdfast/base/bytes";
import { isIntact } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import { eventKinds, eventVersion } from "@holdfast/core/audit/event-codec";
import { printLock } from "@holdfast/core/lock/lock-id";
import { linkOf } from "../ledger-row.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { utcDay } from "../utc-day.ts";

/** What the columns of a row are to its line. */
export type Columns =
  | "same"
  /** The line is of a version that is not known here. */
  | "unknown"
  /** The names of the columns that say something else. */
  | readonly string[];

/**
 * Compares the columns by which rows are found with the line that the chain covers: an edited
 * column would hide a record, or show it as another's, without a trace in the chain.
 *
 * The line is not decoded as an event: what it is, is the chain's to say, and reading every field
 * of every record would be most of what a verification costs.
 */
export function checkColumns(row: LedgerRow): Columns {
  const line = parsed(row.line);
  if (line === undefined) return ["line"];
  const { v, kind } = line;
  if (v !== eventVersion || typeof kind !== "string" || !eventKinds.has(kind)) return "unknown";
  const { revision, token, lock, day, atMs } = row;
  const said: Record<string, unknown> = {
    revision: revision.toString(),
    token: token?.toString(),
    lock: lock && printLock(lock),
  };
  for (const name of asTheyAre) said[name] = row[name];
  const wrong = Object.keys(said).filter((name) => said[name] !== line[name]);
  if (utcDay(atMs) !== day) wrong.push("day");
  return wrong.length === 0 ? "same" : wrong;
}

/** The columns that a line has in the same form, under the same name. */
const asTheyAre = [
  "cluster",
  "index",
  "atMs",
  "region",
  "shard",
  "kind",
  "grantId",
  "session",
] as const;

function parsed(line: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8Text(line));
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The damage of a row whose columns are not those of its line. */
export function editedColumns({ cluster, sequence }: LedgerRow, names: readonly string[]): Damage {
  const what = names.join(", ");
  return {
    kind: "edited",
    cluster,
    first: sequence,
    last: sequence,
    message:
      `Record ${sequence} of cluster ${cluster} was edited: its line is as it was written, and ` +
      `what the row says of it is not (${what}).`,
  };
}

/** So far away a record is looked for that is whole under another number. */
const movedMax = 64n;

/**
 * A record whose number alone was changed looks edited to the chain, for its hash covers the
 * number; it is whole under the number that it had.
 */
export function movedRecord(damage: Damage, row: LedgerRow): Damage {
  const link = linkOf(row);
  for (let away = 1n; away <= movedMax; away++) {
    for (const sequence of [row.sequence + away, row.sequence - away]) {
      if (!isIntact({ ...link, sequence })) continue;
      const { cluster, first } = damage;
      const message =
        `Record ${first} of cluster ${cluster} is not in its place: record ${sequence} ` +
        "was given its number.";
      return { kind: "reordered", cluster, first, last: sequence, message };
    }
  }
  return damage;
}
