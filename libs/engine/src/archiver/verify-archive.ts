import type { ArchiveManifest } from "@holdfast/core/audit/archive-manifest";
import { sameHash } from "@holdfast/core/audit/chain";
import type { Damage, DamageKind } from "@holdfast/core/audit/chain-damage";
import type { Archive } from "../ports/archive.ts";
import type { Ledger, NotDone } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { eachPart, type PartsQuery } from "./archived-parts.ts";
import { readManifest, readPart } from "./read-part.ts";

/** What was found of one part, or between two. */
export type ArchiveFinding =
  | { readonly kind: "whole"; readonly part: ArchivedPart }
  /** It was not read: it must be restored first. Its manifest is sound, and its size right. */
  | { readonly kind: "frozen"; readonly part: ArchivedPart }
  | {
      readonly kind: "damaged";
      readonly part: ArchivedPart;
      readonly message: string;
      /** Where one record can be named. */
      readonly damage?: Damage;
    }
  /** The store did not answer. */
  | { readonly kind: "unread"; readonly part: ArchivedPart; readonly message: string };

/** What is known of a part when all of a cluster's parts are put in order. */
interface PartEnds {
  readonly part: ArchivedPart;
  readonly manifest: Omit<ArchiveManifest, "tags">;
}

/**
 * Verifies what the ledger has recorded as archived: every object record by record, and that each
 * part goes on where the one before it ends. What stands between two parts and is still in the
 * ledger is no damage: its day waits.
 */
export async function verifyArchive(
  { ledger, archive }: { readonly ledger: Ledger; readonly archive: Archive },
  query: PartsQuery,
  onFinding: (finding: ArchiveFinding) => void,
): Promise<NotDone | undefined> {
  const clusters = new Map<string, PartEnds[]>();
  const failure = await eachPart(ledger, query, async (part) => {
    const finding = await verifyPart(archive, part);
    const { manifest, ...told } = finding;
    if (manifest !== undefined) {
      const { tags: _, ...ends } = manifest;
      const known = clusters.get(part.cluster) ?? [];
      clusters.set(part.cluster, known);
      known.push({ part, manifest: ends });
    }
    onFinding(told);
    return "more";
  });
  if (failure !== undefined) return failure;
  for (const ends of clusters.values()) {
    const failed = await verifyOrder(ledger, ends, onFinding);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

async function verifyPart(
  archive: Archive,
  part: ArchivedPart,
): Promise<ArchiveFinding & { readonly manifest?: ArchiveManifest }> {
  const read = await readManifest(archive, part);
  if (read.kind === "damaged") return { ...read, part };
  if (read.kind !== "manifest") return { kind: "unread", part, message: read.message };
  const { manifest } = read;
  const lines = await readPart(archive, manifest);
  if (lines.kind === "whole" || lines.kind === "frozen")
    return { kind: lines.kind, part, manifest };
  if (lines.kind === "damaged") return { ...lines, part, manifest };
  return { kind: "unread", part, message: lines.message };
}

async function verifyOrder(
  ledger: Ledger,
  ends: readonly PartEnds[],
  onFinding: (finding: ArchiveFinding) => void,
): Promise<NotDone | undefined> {
  const ordered = [...ends].sort((left, right) =>
    left.part.firstSequence < right.part.firstSequence ? -1 : 1,
  );
  for (const [place, { part, manifest }] of ordered.entries()) {
    const before = ordered[place - 1]?.manifest;
    if (before === undefined) continue;
    const { cluster } = part;
    const due = before.lastSequence + 1n;
    const tell = (kind: DamageKind, first: bigint, last: bigint, message: string): void =>
      onFinding({
        kind: "damaged",
        part,
        message,
        damage: { kind, cluster, first, last, message },
      });
    if (manifest.firstSequence > due) {
      const page = await ledger.chain({ cluster, fromSequence: due, limit: 1 });
      if (page.kind !== "page") return page;
      if (page.rows[0]?.sequence === due) continue;
      const last = manifest.firstSequence - 1n;
      tell("deleted", due, last, `Records ${due} to ${last} of cluster ${cluster} are in no part.`);
    } else if (manifest.firstSequence < due) {
      const first = manifest.firstSequence;
      tell("forked", first, first, `Two parts hold record ${first} of cluster ${cluster}.`);
    } else if (!sameHash(manifest.previousHash, before.lastHash)) {
      const message = `Record ${due} of cluster ${cluster} does not follow the last one of the part before.`;
      tell("rewritten", due, due, message);
    }
  }
  return undefined;
}
