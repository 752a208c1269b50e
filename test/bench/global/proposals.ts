import { decodeBallot, printBallot } from "@holdfast/core/quorum/ballot";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { majority } from "@holdfast/core/quorum/votes";

/** What one transaction wrote of a register in one region, as stored. */
export interface RegisterWrite {
  readonly region: number;
  /** When it was heard of, on the clock of who follows the register. */
  readonly atMs: number;
  readonly promised?: Uint8Array;
  readonly accepted?: Uint8Array;
}

/**
 * How the proposals for a register went. One whose ballot no region took leaves no trace and is not
 * counted: where all three had promised a higher one before the first prepare came.
 */
export interface ProposalCount {
  /** Ballots that a region promised to somebody who asked, or under which one accepted. */
  readonly made: number;
  /** Chosen, and the register was another one afterwards. */
  readonly useful: number;
  /** Chosen, and it wrote again what was there. */
  readonly unchanged: number;
  /** Accepted by too few: somebody else's ballot came in between. */
  readonly beaten: number;
  /** Promised, and never proposed: beaten before, or a read. */
  readonly preparedOnly: number;
}

/**
 * Counts proposals in what the regions wrote, in any order. `fromMs`: those that a region heard of
 * before are left out.
 */
export function proposalsOf(
  writes: readonly RegisterWrite[],
  fromMs = Number.NEGATIVE_INFINITY,
): ProposalCount {
  const before = new Set<string>();
  const acceptedIn = new Map<string, { readonly regions: Set<number>; readonly version: number }>();
  const prepared = new Set<string>();
  for (const { region, atMs, promised, accepted } of writes) {
    if (accepted !== undefined) {
      const read = decodeAccepted(accepted);
      if (read === undefined) throw new Error("a register holds bytes that cannot be read");
      const ballot = printBallot(read.ballot);
      if (atMs < fromMs) before.add(ballot);
      const seen = acceptedIn.get(ballot) ?? { regions: new Set(), version: read.value.version };
      seen.regions.add(region);
      acceptedIn.set(ballot, seen);
    } else if (promised !== undefined) {
      // An accept raises the promise too, to the proposer's next ballot; a prepare does just that.
      const ballot = decodeBallot(promised);
      if (ballot === undefined) continue;
      prepared.add(printBallot(ballot));
      if (atMs < fromMs) before.add(printBallot(ballot));
    }
  }
  for (const ballot of before) {
    acceptedIn.delete(ballot);
    prepared.delete(ballot);
  }
  const chosen = [...acceptedIn.values()].filter(({ regions }) => regions.size >= majority);
  const useful = new Set(chosen.map(({ version }) => version)).size;
  const preparedOnly = [...prepared].filter((ballot) => !acceptedIn.has(ballot)).length;
  return {
    made: acceptedIn.size + preparedOnly,
    useful,
    unchanged: chosen.length - useful,
    beaten: acceptedIn.size - chosen.length,
    preparedOnly,
  };
}
