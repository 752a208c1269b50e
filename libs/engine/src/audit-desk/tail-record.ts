import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { MissingRun, TailBatch, TailQuery } from "../ports/audit-desk.ts";
import type { Ledger, LedgerRow } from "../ports/ledger.ts";
import { ChainFollower } from "./chain-follower.ts";
import { type CountedChain, countedChains } from "./chain-list.ts";
import { firstAt } from "./first-at.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { decodeTailCursor, encodeTailCursor, tailChainsMax } from "./tail-cursor.ts";

/** What a tail needs, and how it paces itself, in milliseconds. */
export interface TailTools {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Pause before the ledger is asked again where nothing new was there. */
  readonly pollMs: number;
  /** How often new chains are looked for. */
  readonly chainsMs: number;
  /** So long a record that is missing is waited for. */
  readonly arrivalMs: number;
}

/** Rows, and bytes of their lines, of one batch. */
const batchRows = 500;
const batchBytes = 256 * 1024;

type OnBatch = (batch: TailBatch) => Promise<void>;

/** One tail of all chains: see AuditDesk.tail. */
export class RecordTail {
  readonly #tools: TailTools;
  readonly #query: TailQuery;
  readonly #followers = new Map<string, ChainFollower>();
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #isFirstList = true;

  constructor(tools: TailTools, query: TailQuery) {
    this.#tools = tools;
    this.#query = query;
  }

  /** Runs until it is cancelled or fails. */
  async run(onBatch: OnBatch, cancellation: Cancellation): Promise<Failure | undefined> {
    const begun = await this.#begin();
    if (begun !== undefined) return begun;
    await onBatch({ rows: [], missing: [], cursor: this.#cursor() });
    while (!cancellation.cancelled) {
      const failed = (await this.#listChains()) ?? (await this.#poll());
      if (failed !== undefined) return failed;
      const told = await this.#tell(onBatch, cancellation);
      if (!told) await sleep(this.#tools.clock, this.#tools.pollMs, cancellation);
    }
    return undefined;
  }

  async #begin(): Promise<Failure | undefined> {
    const { cursor } = this.#query;
    if (cursor !== undefined) {
      const places = decodeTailCursor(cursor);
      if (places === undefined) {
        const message = "The cursor is not one that a tail gave.";
        return failure("INVALID_ARGUMENT", message, { field: "cursor" });
      }
      for (const [cluster, next] of places) this.#follow(cluster, next);
    }
    return this.#listChains();
  }

  /** Follows the chains that it does not follow yet. */
  async #listChains(): Promise<Failure | undefined> {
    const { clock, ledger, chainsMs } = this.#tools;
    if (clock.monotonicMs() - this.#listedAtMs < chainsMs) return undefined;
    const counted = await countedChains(ledger);
    if (isFailure(counted)) return counted;
    this.#listedAtMs = clock.monotonicMs();
    for (const chain of counted.chains.values()) {
      if (this.#followers.has(chain.cluster)) continue;
      const next = await this.#beginningOf(chain);
      if (typeof next !== "bigint") return next;
      this.#follow(chain.cluster, next);
    }
    this.#isFirstList = false;
    if (this.#followers.size <= tailChainsMax) return undefined;
    const message = `The record has ${this.#followers.size} chains; a tail follows ${tailChainsMax}.`;
    return failure("QUOTA_EXCEEDED", message);
  }

  async #beginningOf(chain: CountedChain): Promise<bigint | Failure> {
    const { cursor, fromMs } = this.#query;
    // All of a chain that was not there when the tail began, or the cursor was given, is new.
    if (!this.#isFirstList || cursor !== undefined) return chain.firstSequence;
    if (fromMs === undefined) return chain.lastSequence + 1n;
    return firstAt(this.#tools.ledger, chain, fromMs);
  }

  #follow(cluster: string, next: bigint): void {
    const { ledger, clock, arrivalMs: patienceMs } = this.#tools;
    const follower = new ChainFollower(cluster, next, { ledger, clock, patienceMs });
    this.#followers.set(cluster, follower);
  }

  async #poll(): Promise<Failure | undefined> {
    const replies = await Promise.all([...this.#followers.values()].map((each) => each.poll()));
    const failed = replies.find((reply) => reply !== undefined);
    return failed && ledgerFailure(failed);
  }

  /** Tells what is known of all chains, by time where they meet; whether there was anything. */
  async #tell(onBatch: OnBatch, cancellation: Cancellation): Promise<boolean> {
    const followers = [...this.#followers.values()];
    // Where a chain has more than was read, the others wait for it, or the past would be told
    // chain by chain.
    const untilMs = Math.min(...followers.map(({ knownUntilMs }) => knownUntilMs));
    let hasTold = false;
    while (!cancellation.cancelled) {
      const batch = this.#batch(followers, untilMs);
      if (batch === undefined) return hasTold;
      hasTold = true;
      const { rows, missing } = batch;
      if (rows.length + missing.length > 0) await onBatch({ ...batch, cursor: this.#cursor() });
    }
    return hasTold;
  }

  #batch(
    followers: readonly ChainFollower[],
    untilMs: number,
  ): { readonly rows: LedgerRow[]; readonly missing: MissingRun[] } | undefined {
    const missing = followers.flatMap((follower) => follower.takeMissing());
    const rows: LedgerRow[] = [];
    let bytes = 0;
    let seen = 0;
    while (seen < batchRows && bytes < batchBytes) {
      const follower = earliest(followers, untilMs);
      const row = follower?.first;
      if (row === undefined) break;
      follower?.take();
      seen += 1;
      if (!this.#isWanted(row)) continue;
      rows.push(row);
      bytes += row.line.length;
    }
    return seen + missing.length === 0 ? undefined : { rows, missing };
  }

  #isWanted({ kind, lock }: LedgerRow): boolean {
    const { kinds, locks } = this.#query;
    if (kinds.length > 0 && !kinds.includes(kind)) return false;
    if (locks === undefined) return true;
    if (lock?.namespace !== locks.namespace) return false;
    return locks.prefix ? lock.name.startsWith(locks.name) : lock.name === locks.name;
  }

  #cursor(): string {
    return encodeTailCursor([...this.#followers].map(([cluster, { next }]) => [cluster, next]));
  }
}

/** The one whose first row is the earliest, where that is not after `untilMs`. */
function earliest(followers: readonly ChainFollower[], untilMs: number): ChainFollower | undefined {
  let found: ChainFollower | undefined;
  for (const follower of followers) {
    const { first } = follower;
    if (first === undefined || first.atMs > untilMs) continue;
    if (found?.first === undefined || first.atMs < found.first.atMs) found = follower;
  }
  return found;
}
