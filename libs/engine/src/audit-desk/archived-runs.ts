import type { ChainHead } from "@holdfast/core/audit/chain";
import type { MissingRun } from "../ports/audit-desk.ts";
import type { LedgerDay } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { least } from "./chain-list.ts";

/** What of one chain was archived, as the ledger knows it. */
export class ArchivedRuns {
  /** By their first numbers. */
  readonly parts: readonly ArchivedPart[];
  /** Those whose rows the hot store has no more, but for such as came late. */
  readonly gone: readonly ArchivedPart[];

  constructor(parts: readonly ArchivedPart[], days: readonly LedgerDay[]) {
    const hot = new Set(days.filter(({ wasDropped }) => !wasDropped).map(({ day }) => day));
    this.parts = [...parts].sort((left, right) =>
      left.firstSequence < right.firstSequence ? -1 : 1,
    );
    this.gone = this.parts.filter(({ day }) => !hot.has(day));
  }

  /** Heads that the records of the objects state, of those that are hot still as well. */
  get heads(): ChainHead[] {
    return this.parts.flatMap(({ cluster, firstSequence, firstHash, lastSequence, lastHash }) => [
      { cluster, sequence: firstSequence, hash: firstHash },
      { cluster, sequence: lastSequence, hash: lastHash },
    ]);
  }

  /** Up to which number, `last` at most, all from `first` on lie in objects alone. */
  coveredUntil({ first, last }: Omit<MissingRun, "cluster">): bigint {
    let due = first;
    for (const { firstSequence, lastSequence } of this.gone) {
      if (firstSequence <= due && lastSequence >= due) due = lastSequence + 1n;
    }
    return least(due - 1n, last);
  }

  /** The head with this number, where an object ends with it. */
  headAt(sequence: bigint): ChainHead | undefined {
    const part = this.gone.find(({ lastSequence }) => lastSequence === sequence);
    return part && { cluster: part.cluster, sequence, hash: part.lastHash };
  }
}
