import type { ArchiveManifest } from "@holdfast/core/audit/archive-manifest";
import { genesis, sameHash } from "@holdfast/core/audit/chain";
import type { Damage, DamageKind } from "@holdfast/core/audit/chain-damage";

/** What of a manifest tells where its part belongs. */
export type PartEnds = Pick<
  ArchiveManifest,
  "cluster" | "firstSequence" | "lastSequence" | "previousHash" | "lastHash"
>;

/**
 * What is wrong between a part and the one before it in the chain; `undefined`: there is none, for
 * the first. Records that no part has are no damage here: they may be in the ledger still.
 */
export function orderDamage(before: PartEnds | undefined, part: PartEnds): Damage | undefined {
  const { cluster, firstSequence: first, previousHash } = part;
  const damage = (kind: DamageKind, message: string): Damage => {
    return { kind, cluster, first, last: first, message };
  };
  const due = (before?.lastSequence ?? 0n) + 1n;
  if (first < due) {
    return damage("forked", `Two parts hold record ${first} of cluster ${cluster}.`);
  }
  if (first > due) return undefined;
  if (sameHash(previousHash, before?.lastHash ?? genesis(cluster).hash)) return undefined;
  const known = before === undefined ? "the beginning" : "the last one of the part before";
  const message = `In the archive, record ${first} of cluster ${cluster} does not follow ${known}.`;
  return damage("rewritten", message);
}
