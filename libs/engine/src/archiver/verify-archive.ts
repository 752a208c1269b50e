import type { ArchiveManifest } from "@holdfast/core/audit/archive-manifest";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import type { Archive } from "../ports/archive.ts";
import type { Ledger, NotDone } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { eachPart, type PartsQuery } from "./archived-parts.ts";
import { lookAtPart } from "./look-at-part.ts";
import { orderDamage, type PartEnds } from "./part-order.ts";

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
interface KnownPart {
  readonly part: ArchivedPart;
  readonly ends: PartEnds;
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
  const clusters = new Map<string, KnownPart[]>();
  const failure = await eachPart(ledger, query, async (part) => {
    const { finding, manifest } = await verifyPart(archive, part);
    if (manifest !== undefined) {
      const { tags: _, ...ends } = manifest;
      const known = clusters.get(part.cluster) ?? [];
      clusters.set(part.cluster, known);
      known.push({ part, ends });
    }
    onFinding(finding);
    return "more";
  });
  if (failure !== undefined) return failure;
  for (const parts of clusters.values()) {
    const failed = await verifyOrder(ledger, parts, onFinding);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

async function verifyPart(
  archive: Archive,
  part: ArchivedPart,
): Promise<{ readonly finding: ArchiveFinding; readonly manifest?: ArchiveManifest }> {
  const { manifest, ...look } = await lookAtPart(archive, part);
  const known = manifest === undefined ? {} : { manifest };
  if (look.kind === "whole" || look.kind === "frozen") {
    return { finding: { kind: look.kind, part }, ...known };
  }
  return { finding: { ...look, part }, ...known };
}

async function verifyOrder(
  ledger: Ledger,
  parts: readonly KnownPart[],
  onFinding: (finding: ArchiveFinding) => void,
): Promise<NotDone | undefined> {
  const ordered = [...parts].sort((left, right) =>
    left.part.firstSequence < right.part.firstSequence ? -1 : 1,
  );
  for (const [place, { part, ends }] of ordered.entries()) {
    const before = ordered[place - 1]?.ends;
    const damage = orderDamage(before, ends);
    if (damage !== undefined) {
      onFinding({ kind: "damaged", part, message: damage.message, damage });
      continue;
    }
    const due = (before?.lastSequence ?? 0n) + 1n;
    if (before === undefined || ends.firstSequence === due) continue;
    const { cluster } = part;
    const page = await ledger.chain({ cluster, fromSequence: due, limit: 1 });
    if (page.kind !== "page") return page;
    if (page.rows[0]?.sequence === due) continue;
    const last = ends.firstSequence - 1n;
    const message = `Records ${due} to ${last} of cluster ${cluster} are in no part.`;
    const missing: Damage = { kind: "deleted", cluster, first: due, last, message };
    onFinding({ kind: "damaged", part, message, damage: missing });
  }
  return undefined;
}
