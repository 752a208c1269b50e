import { isIntact } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import { ledgerRow, linkOf } from "../ledger-row.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { decodedRow } from "./decoded-row.ts";

/** What the columns of a row are to its line. */
export type Columns =
  | "same"
  /** The line is of a version that is not known here. */
  | "unknown"
  /** The names of the columns that say something else. */
  | readonly string[];

const compared = [
  "cluster",
  "revision",
  "index",
  "day",
  "atMs",
  "region",
  "shard",
  "kind",
  "grantId",
  "token",
  "session",
] as const;

/**
 * Compares the columns by which rows are found with the line that the chain covers: an edited
 * column would hide a record, or show it as another's, without a trace in the chain.
 */
export function checkColumns(row: LedgerRow): Columns {
  const decoded = decodedRow(row);
  if (decoded.kind === "unknown") return "unknown";
  if (decoded.kind === "damaged") return ["line"];
  const meant = ledgerRow(decoded.event, linkOf(row));
  const wrong: string[] = compared.filter((name) => meant[name] !== row[name]);
  const [left, right] = [meant.lock, row.lock];
  const isSameLock =
    left?.region === right?.region &&
    left?.namespace === right?.namespace &&
    left?.name === right?.name;
  if (!isSameLock) wrong.push("lock");
  return wrong.length === 0 ? "same" : wrong;
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
