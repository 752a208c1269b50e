import type { Failure } from "@holdfast/base/failure";
import type { Ledger } from "../ports/ledger.ts";
import type { CountedChain } from "./chain-list.ts";
import { ledgerFailure } from "./ledger-failure.ts";

/**
 * The number of a chain's first record at or after a time, as far as its clock never went back;
 * the one behind its last, if there is none.
 */
export async function firstAt(
  ledger: Ledger,
  { cluster, firstSequence, lastSequence }: CountedChain,
  fromMs: number,
): Promise<bigint | Failure> {
  let low = firstSequence;
  let high = lastSequence + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const page = await ledger.chain({ cluster, fromSequence: middle, limit: 1 });
    if (page.kind !== "page") return ledgerFailure(page);
    const [row] = page.rows;
    if (row === undefined || row.sequence >= high || row.atMs >= fromMs) high = middle;
    else low = row.sequence + 1n;
  }
  return low;
}
