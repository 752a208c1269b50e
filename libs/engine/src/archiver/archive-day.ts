import type { Damage } from "@holdfast/core/audit/chain-damage";
import type { ClusterOfDay, Ledger } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { type DayParts, partsOf } from "./archived-parts.ts";
import { checkDay, type Run } from "./check-day.ts";
import { eachPage } from "./day-rows.ts";
import { type PartBounds, PartWriter } from "./part-writer.ts";
import {
  failed,
  ledgerFailed,
  type StepFailure,
  type StorePlace,
  storePart,
} from "./store-part.ts";

/** What became of a cluster's day. */
export type DayArchived =
  /** All its rows are in the archive, or they were before. */
  | { readonly kind: "archived" }
  | { readonly kind: "damaged"; readonly damage: Damage }
  | { readonly kind: "incomplete"; readonly damage: Damage }
  /** Another archiver is at it; the next round finds what it did. */
  | { readonly kind: "contended" }
  | { readonly kind: "stopped" }
  | StepFailure;

/** Where days go, and what is told of it. */
export interface DayPlace extends StorePlace {
  readonly ledger: Ledger;
  readonly bounds: PartBounds;
  readonly onStored: (part: ArchivedPart) => void;
  /** Asked before each part. */
  readonly isStopped: () => boolean;
}

/**
 * Archives what a cluster's day has that is not archived yet, in as many parts as it takes, once
 * all of it was verified.
 */
export async function archiveDay(
  place: DayPlace,
  day: string,
  counted: ClusterOfDay,
): Promise<DayArchived> {
  const { ledger } = place;
  const parts = await partsOf(ledger, day, counted.cluster);
  if ("kind" in parts) return ledgerFailed(parts);
  if (isCovered(counted, parts)) return { kind: "archived" };
  const state = await checkDay(ledger, { day, counted, parts });
  if (state.kind === "damaged" || state.kind === "incomplete") return state;
  if (state.kind === "gone") return { kind: "contended" };
  if (state.kind !== "sound") return ledgerFailed(state);
  let part = parts.next;
  for (const run of state.runs) {
    const stored = await archiveRun(place, { day, cluster: counted.cluster, part }, run);
    if (stored.kind !== "stored") return stored;
    part = stored.next;
  }
  return { kind: "archived" };
}

/** Looked at again, row by row, before the day is dropped. */
function isCovered({ rows, firstSequence, lastSequence }: ClusterOfDay, parts: DayParts): boolean {
  return (
    parts.rows === rows &&
    parts.parts[0]?.firstSequence === firstSequence &&
    parts.parts.at(-1)?.lastSequence === lastSequence
  );
}

type RunArchived =
  | { readonly kind: "stored"; readonly next: number }
  | { readonly kind: "contended" }
  | { readonly kind: "stopped" }
  | StepFailure;

async function archiveRun(
  place: DayPlace,
  { day, cluster, part }: { readonly day: string; readonly cluster: string; readonly part: number },
  { before, last }: Run,
): Promise<RunArchived> {
  let head = before;
  let next = part;
  while (head.sequence < last.sequence) {
    if (place.isStopped()) return { kind: "stopped" };
    const writer = new PartWriter({ day, cluster, part: next }, place.bounds, head);
    const failure = await fill(place.ledger, writer, { day, cluster }, last.sequence);
    if (failure !== undefined) return failure;
    if (writer.isEmpty)
      return failed("ledger", `record ${head.sequence + 1n} of ${cluster} is gone`);
    const stored = await storePart(place, await writer.finish());
    if (stored.kind === "taken") return { kind: "contended" };
    if (stored.kind === "failed") return stored;
    place.onStored(stored.part);
    head = writer.last;
    next += 1;
  }
  return { kind: "stored", next };
}

/** Until the part is full, or holds record `until`. */
async function fill(
  ledger: Ledger,
  writer: PartWriter,
  { day, cluster }: { readonly day: string; readonly cluster: string },
  until: bigint,
): Promise<StepFailure | undefined> {
  let changed: bigint | undefined;
  const fromSequence = writer.last.sequence + 1n;
  const failure = await eachPage(ledger, { cluster, day, fromSequence }, async (rows) => {
    for (const row of rows) {
      if (row.sequence > until || writer.isFull) return "enough";
      if (writer.add(row)) continue;
      changed = row.sequence;
      return "enough";
    }
    await writer.flush();
    return "more";
  });
  if (failure !== undefined) return ledgerFailed(failure);
  if (changed === undefined) return undefined;
  return failed("ledger", `record ${changed} of ${cluster} changed while it was archived`);
}
