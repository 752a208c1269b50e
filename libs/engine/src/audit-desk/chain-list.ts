import { type Failure, isFailure } from "@holdfast/base/failure";
import type { Ledger, LedgerDay } from "../ports/ledger.ts";
import { pageRowsMax } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { openDays } from "./hot-window.ts";
import { ledgerFailure, tooManyOf } from "./ledger-failure.ts";

/** What the ledger counted of one chain as it was appended. */
export interface CountedChain {
  readonly cluster: string;
  readonly firstSequence: bigint;
  readonly lastSequence: bigint;
  /** The days that have records of it, in order. */
  readonly days: readonly string[];
}

/** The chains that the hot store has, by name, and its days. */
export async function countedChains(ledger: Ledger): Promise<
  | {
      readonly kind: "chains";
      readonly chains: ReadonlyMap<string, CountedChain>;
      readonly days: readonly LedgerDay[];
    }
  | Failure
> {
  const found = await openDays(ledger);
  if (isFailure(found)) return found;
  const chains = new Map<string, CountedChain>();
  for (const { day, clusters } of found.days) {
    for (const { cluster, firstSequence, lastSequence } of clusters) {
      const known = chains.get(cluster) ?? { firstSequence, lastSequence, days: [] };
      chains.set(cluster, {
        cluster,
        firstSequence: least(known.firstSequence, firstSequence),
        lastSequence: greatest(known.lastSequence, lastSequence),
        days: [...known.days, day],
      });
    }
  }
  const inOrder = [...chains].sort(([left], [right]) => (left < right ? -1 : 1));
  return { kind: "chains", chains: new Map(inOrder), days: found.days };
}

/** Parts of one chain: a day has one, and one more for each lot that came late. */
const partsPagesMax = 20;
/** Parts of all of them. */
const allPartsPagesMax = 1_000;

/** The chains of which the archive has something, the hot store perhaps nothing any more. */
export async function archivedChains(
  ledger: Ledger,
): Promise<{ readonly kind: "chains"; readonly names: ReadonlySet<string> } | Failure> {
  const names = new Set<string>();
  let after: string | undefined;
  for (let page = 0; page < allPartsPagesMax; page++) {
    const reply = await ledger.archived({ limit: pageRowsMax, ...(after && { after }) });
    if (reply.kind !== "list") return ledgerFailure(reply);
    for (const { cluster } of reply.items) names.add(cluster);
    after = reply.next;
    if (after === undefined) return { kind: "chains", names };
  }
  return tooManyOf("objects");
}

/** The archived parts of a chain. */
export async function archivedParts(
  ledger: Ledger,
  cluster: string,
): Promise<{ readonly kind: "parts"; readonly parts: readonly ArchivedPart[] } | Failure> {
  const parts: ArchivedPart[] = [];
  let after: string | undefined;
  for (let page = 0; page < partsPagesMax; page++) {
    const reply = await ledger.archived({ cluster, limit: pageRowsMax, ...(after && { after }) });
    if (reply.kind !== "list") return ledgerFailure(reply);
    parts.push(...reply.items);
    after = reply.next;
    if (after === undefined) return { kind: "parts", parts };
  }
  return tooManyOf(`objects of chain ${cluster}`);
}

/** The smaller one. */
export function least(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

/** The larger one. */
export function greatest(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
