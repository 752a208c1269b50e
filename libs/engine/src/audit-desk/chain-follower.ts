import type { Clock } from "@holdfast/base/clock";
import type { MissingRun } from "../ports/audit-desk.ts";
import type { Ledger, LedgerRow, NotDone } from "../ports/ledger.ts";

/** Rows that are read ahead of what was told, of one chain. */
const aheadMax = 500;

/**
 * Reads one chain as it grows, in its order. Records come on several ways into the ledger, so one
 * may be there before the one that it follows; it is kept back until that one comes, or has not
 * come for too long.
 */
export class ChainFollower {
  readonly cluster: string;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** In order, without gaps, from `next` on. */
  #ready: LedgerRow[] = [];
  #missing: MissingRun[] = [];
  /** The number behind the last one that is ready. */
  #end: bigint;
  #next: bigint;
  #hasMore = false;
  #waitsSinceMs: number | undefined;

  /** `next`: the number of the first record to tell. */
  constructor(
    cluster: string,
    next: bigint,
    options: { readonly ledger: Ledger; readonly clock: Clock; readonly patienceMs: number },
  ) {
    this.cluster = cluster;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#patienceMs = options.patienceMs;
    this.#next = next;
    this.#end = next;
  }

  /** The number of the next record that {@link ChainFollower.take} would give, or a later one. */
  get next(): bigint {
    return this.#next;
  }

  /** The row to be told next. */
  get first(): LedgerRow | undefined {
    return this.#ready[0];
  }

  /** The time of the last row that is known, where more are there: of those nothing is known. */
  get knownUntilMs(): number {
    const last = this.#ready.at(-1);
    return this.#hasMore && last !== undefined ? last.atMs : Number.POSITIVE_INFINITY;
  }

  /** Gives the first row out. */
  take(): void {
    const row = this.#ready.shift();
    if (row !== undefined) this.#next = row.sequence + 1n;
  }

  /** Gives out what was missing before the first row. */
  takeMissing(): MissingRun[] {
    return this.#missing.splice(0);
  }

  /** Looks for more, unless there is some already. */
  async poll(): Promise<NotDone | undefined> {
    if (this.#ready.length > 0) return undefined;
    const { cluster } = this;
    const query = { cluster, fromSequence: this.#end, limit: aheadMax };
    const page = await this.#ledger.chain(query);
    if (page.kind !== "page") return page;
    this.#hasMore = page.next !== undefined;
    const [first] = page.rows;
    if (first === undefined) return undefined;
    if (first.sequence > this.#end && !this.#isTooLate()) return undefined;
    this.#waitsSinceMs = undefined;
    if (first.sequence > this.#end) {
      this.#missing.push({ cluster, first: this.#end, last: first.sequence - 1n });
      this.#end = first.sequence;
    }
    for (const row of page.rows) {
      // A second one with a number that was told is the verifier's business.
      if (row.sequence < this.#end) continue;
      if (row.sequence > this.#end) break;
      this.#ready.push(row);
      this.#end += 1n;
    }
    return undefined;
  }

  #isTooLate(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#waitsSinceMs ??= nowMs;
    return nowMs - this.#waitsSinceMs >= this.#patienceMs;
  }
}
