import { manifestKeyFor } from "@holdfast/core/audit/archive-keys";
import { encodeManifest } from "@holdfast/core/audit/archive-manifest";
import { type ChainHead, genesis } from "@holdfast/core/audit/chain";
import { defaultArchiverSettings } from "@holdfast/engine/archiver/archiver";
import { eachPage } from "@holdfast/engine/archiver/day-rows";
import { PartWriter } from "@holdfast/engine/archiver/part-writer";
import type { Ledger } from "@holdfast/engine/ports/ledger";

/** What an event takes in the archive, in bytes, and of how many events that was seen. */
export interface ArchiveSize {
  readonly bytesEach: number;
  readonly events: number;
}

/** Where the first chain of a ledger stands now. */
export async function chainHead(ledger: Pick<Ledger, "days" | "head">): Promise<ChainHead> {
  const days = await ledger.days({ limit: 100 });
  if (days.kind !== "days") throw new Error(days.message);
  const [first] = days.days.flatMap(({ clusters }) => clusters);
  if (first === undefined) throw new Error("the ledger has no events");
  const head = await ledger.head(first.cluster);
  if (head.kind !== "head") throw new Error(head.message);
  return head.row ?? genesis(first.cluster);
}

/**
 * Makes the object of the events behind `before`, as many as one may have, and its manifest, as an
 * archiver does, and weighs both. Nothing is stored: a store keeps the bytes it is given.
 */
export async function archiveSize(
  ledger: Pick<Ledger, "chain">,
  before: ChainHead,
): Promise<ArchiveSize> {
  const { cluster, sequence } = before;
  const { bounds } = defaultArchiverSettings;
  const writer = new PartWriter({ day: "2026-01-01", cluster, part: 0 }, bounds, before);
  const query = { cluster, fromSequence: sequence + 1n };
  const failed = await eachPage(ledger, query, async (rows) => {
    for (const row of rows) {
      if (writer.isFull) break;
      if (!writer.add(row)) throw new Error(`${row.sequence} is not the next of the chain`);
    }
    await writer.flush();
    return writer.isFull ? "enough" : "more";
  });
  if (failed !== undefined) throw new Error(failed.message);
  if (writer.isEmpty) throw new Error("the ledger has no events behind that");
  const { bytes, manifest } = await writer.finish();
  const names = manifest.key.length + (manifestKeyFor(manifest.key)?.length ?? 0);
  const stored = bytes.length + encodeManifest(manifest).length + names;
  return { bytesEach: stored / manifest.rows, events: manifest.rows };
}
