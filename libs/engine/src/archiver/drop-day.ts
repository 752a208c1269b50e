import { invariant } from "@holdfast/base/invariant";
import { type ArchiveManifest, hasTag } from "@holdfast/core/audit/archive-manifest";
import { type ChainHead, follows, headOf, isIntact, sameHash } from "@holdfast/core/audit/chain";
import type { Archive } from "../ports/archive.ts";
import type { Ledger, LedgerDay, LedgerRow } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { type DayParts, partsOf } from "./archived-parts.ts";
import { eachPage } from "./day-rows.ts";
import { readManifest, readPart } from "./read-part.ts";
import { linkOf } from "./row-problem.ts";
import { failed, ledgerFailed, type StepFailure } from "./store-part.ts";

/** What became of a day that is old enough. */
export type DayDropped =
  | { readonly kind: "dropped"; readonly rows: number }
  /** Somebody else dropped it a moment ago. */
  | { readonly kind: "gone" }
  /** It has rows that are in no part, or got some a moment ago: first they are archived. */
  | { readonly kind: "not-archived" }
  /** Its rows are not those of the archive, or the archive is not what it was. */
  | { readonly kind: "differs"; readonly cluster: string; readonly message: string }
  | StepFailure;

/**
 * Drops a day whose every row is in the archive, by what the archive says now: each object is read
 * once more, and each row compared with what its part holds.
 */
export async function dropDay(
  { ledger, archive }: { readonly ledger: Ledger; readonly archive: Archive },
  counted: LedgerDay,
): Promise<DayDropped> {
  const { day, clusters } = counted;
  let rows = 0;
  for (const { cluster } of clusters) {
    const parts = await partsOf(ledger, day, cluster);
    if ("kind" in parts) return ledgerFailed(parts);
    const comparison = new Comparison(archive, parts);
    const failure = await eachPage(ledger, { cluster, day }, (page) => comparison.add(page));
    if (failure !== undefined) return ledgerFailed(failure);
    if (comparison.stopped?.kind === "differs") return { ...comparison.stopped, cluster };
    if (comparison.stopped !== undefined) return comparison.stopped;
    rows += comparison.rows;
  }
  const now = await ledger.days({ fromDay: day, toDay: day, limit: 1 });
  if (now.kind !== "days") return ledgerFailed(now);
  const [there] = now.days;
  if (there === undefined) return { kind: "gone" };
  // Another archiver may have dropped the day since, and as many rows may have come late: their
  // number alone would not tell them from those that were compared.
  if (!isSameDay(there, counted)) return { kind: "not-archived" };
  const dropped = await ledger.dropDay(day, rows);
  if (dropped.kind === "changed") return { kind: "not-archived" };
  if (dropped.kind === "dropped") return { kind: "dropped", rows };
  return failed("drop", dropped.message);
}

function isSameDay(left: LedgerDay, right: LedgerDay): boolean {
  if (left.wasDropped !== right.wasDropped) return false;
  if (left.clusters.length !== right.clusters.length) return false;
  return left.clusters.every((each, place) => {
    const other = right.clusters[place];
    return (
      each.cluster === other?.cluster &&
      each.rows === other.rows &&
      each.firstSequence === other.firstSequence &&
      each.lastSequence === other.lastSequence
    );
  });
}

type Stopped =
  | { readonly kind: "not-archived" }
  | { readonly kind: "differs"; readonly message: string }
  | StepFailure;

/** Compares the rows of a cluster's day with the parts they are said to lie in. */
class Comparison {
  readonly #archive: Archive;
  readonly #parts: DayParts;
  #part: ArchivedPart | undefined;
  #manifest: ArchiveManifest | undefined;
  #last: ChainHead | undefined;
  rows = 0;
  /** Why the day stays. */
  stopped: Stopped | undefined;

  constructor(archive: Archive, parts: DayParts) {
    this.#archive = archive;
    this.#parts = parts;
  }

  async add(rows: readonly LedgerRow[]): Promise<"more" | "enough"> {
    for (const row of rows) {
      this.stopped = await this.#compare(row);
      if (this.stopped !== undefined) return "enough";
      this.rows += 1;
    }
    return "more";
  }

  async #compare(row: LedgerRow): Promise<Stopped | undefined> {
    const part = this.#parts.find(row.sequence);
    if (part === undefined) return { kind: "not-archived" };
    const stopped = part === this.#part ? undefined : await this.#open(part);
    if (stopped !== undefined) return stopped;
    invariant(this.#manifest !== undefined, "a part that is open has a manifest");
    if (this.#isIn(this.#manifest, row)) return undefined;
    const { cluster, sequence } = row;
    const message = `Record ${sequence} of cluster ${cluster} in the ledger is not the one that was archived.`;
    return { kind: "differs", message };
  }

  async #open(part: ArchivedPart): Promise<Stopped | undefined> {
    const read = await readManifest(this.#archive, part);
    if (read.kind === "damaged") return { kind: "differs", message: read.message };
    if (read.kind !== "manifest") return failed("read-back", read.message);
    const whole = await readPart(this.#archive, read.manifest);
    if (whole.kind === "damaged") return { kind: "differs", message: whole.message };
    // A frozen one was whole when it was recorded, and its size is still that.
    if (whole.kind !== "whole" && whole.kind !== "frozen")
      return failed("read-back", whole.message);
    this.#part = part;
    this.#manifest = read.manifest;
    this.#last = undefined;
    return undefined;
  }

  /**
   * Its hash is that of its content, its content has its tag, and it stands in the chain where its
   * part says: with all rows of a part the last hash proves each of them.
   */
  #isIn(manifest: ArchiveManifest, row: LedgerRow): boolean {
    const link = linkOf(row);
    const last = this.#last;
    this.#last = headOf(link);
    if (!isIntact(link) || !hasTag(manifest, row.sequence, row.line)) return false;
    if (last?.sequence === row.sequence - 1n && !follows(last, link)) return false;
    const { firstSequence, firstHash, lastSequence, lastHash } = manifest;
    if (row.sequence === firstSequence && !sameHash(row.hash, firstHash)) return false;
    return row.sequence !== lastSequence || sameHash(row.hash, lastHash);
  }
}
