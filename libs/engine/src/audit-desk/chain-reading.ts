import { type ChainHead, genesis, type Link, sameHash } from "@holdfast/core/audit/chain";
import { type Damage, truncatedEnd } from "@holdfast/core/audit/chain-damage";
import { ChainVerifier } from "@holdfast/core/audit/verify-chain";
import { linkOf } from "../ledger-row.ts";
import type { MissingRun, Verdict } from "../ports/audit-desk.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import type { ArchivedRuns } from "./archived-runs.ts";
import { greatest } from "./chain-list.ts";
import { checkColumns, editedColumns, movedRecord } from "./row-check.ts";

/** Rows that may turn out to be the first bad one: the chain is judged a few records later. */
const recentMax = 8;
/** A record that comes again is recognised so far on; what was right before it is to be known. */
const headsMax = 128;

/** What the rows of a chain say; of objects nothing is known here. */
export type ChainVerdict = Omit<Verdict, "objects" | "unread">;

/** What is known of records that no row is found of. */
export interface ElsewhereRecords {
  readonly runs: ArchivedRuns;
  /** Those that are no rows, by number. */
  readonly parked: ReadonlyMap<bigint, Link>;
  /** Up to which number the ledger has forgotten the chain by now. */
  readonly forgotten: () => bigint;
}

/** One chain as its rows come: what they say together, and each of them by itself. */
export class ChainReading {
  readonly #cluster: string;
  readonly #trusted: readonly ChainHead[];
  readonly #runs: ArchivedRuns;
  readonly #parked: ReadonlyMap<bigint, Link>;
  readonly #forgotten: () => bigint;
  #verifier: ChainVerifier;
  #due = 1n;
  /** The number before the first record that was not forgotten: nobody vouches for it. */
  #unvouched = 0n;
  #damage: Damage | undefined;
  #edited: Damage | undefined;
  /** The latest heads that were right when they were reached. */
  #heads: ChainHead[] = [];
  #recent: LedgerRow[] = [];
  #records = 0;
  #unknown = 0;
  readonly #archived: MissingRun[] = [];

  /** `trusted`: heads of the chain from elsewhere than its rows. */
  constructor(cluster: string, trusted: readonly ChainHead[], elsewhere: ElsewhereRecords) {
    this.#cluster = cluster;
    this.#parked = elsewhere.parked;
    this.#trusted = trusted;
    this.#runs = elsewhere.runs;
    this.#forgotten = elsewhere.forgotten;
    this.#verifier = new ChainVerifier(genesis(cluster), trusted);
  }

  /** The number of the first record that is known to be bad; nothing behind it matters. */
  get isDamaged(): boolean {
    return this.#damage !== undefined || this.#edited !== undefined;
  }

  get records(): number {
    return this.#records;
  }

  /** The next row in the order of the ledger. */
  add(row: LedgerRow): void {
    const { sequence } = row;
    this.#addParked(sequence);
    if (sequence > this.#due) {
      this.#skipArchived(sequence - 1n, row);
      if (sequence > this.#due && sequence - 1n <= this.#forgotten()) {
        this.#beginBefore(row);
        this.#unvouched = sequence - 1n;
      }
    }
    if (sequence >= this.#due) this.#due = sequence + 1n;
    this.#records += 1;
    this.#recent.push(row);
    if (this.#recent.length > recentMax) this.#recent.shift();
    const columns = checkColumns(row);
    if (columns === "unknown") this.#unknown += 1;
    this.#judge(this.#verifier.add(linkOf(row)));
    const { head } = this.#verifier;
    // What does not fit is the chain's to name, whatever its columns say.
    if (head.sequence !== sequence || !sameHash(head.hash, row.hash)) return;
    if (typeof columns !== "string") this.#edited ??= editedColumns(row, columns);
    this.#heads.push(head);
    if (this.#heads.length > headsMax) this.#heads.shift();
  }

  /** Goes on behind those that are due and lie in the archive alone, up to a number at most. */
  #skipArchived(last: bigint, next?: LedgerRow): void {
    const run = { first: this.#due, last };
    const until = this.#runs.coveredUntil(run);
    const head = this.#runs.headAt(until);
    const isNext = next !== undefined && until === last;
    if (until < this.#due || (head === undefined && !isNext)) return;
    this.#judge(this.#verifier.finish());
    this.#archived.push({ cluster: this.#cluster, first: run.first, last: until });
    if (head !== undefined) this.#verifier = new ChainVerifier(head, this.#trusted);
    else if (next !== undefined) this.#beginBefore(next);
    this.#due = until + 1n;
  }

  /** Those that are due and stand before the number. */
  #addParked(before: bigint): void {
    for (; this.#due < before; this.#due += 1n) {
      const link = this.#parked.get(this.#due);
      if (link === undefined) return;
      this.#judge(this.#verifier.add(link));
      this.#records += 1;
      this.#unknown += 1;
    }
  }

  #beginBefore({ cluster, sequence, previousHash }: LedgerRow): void {
    // No object ends there, so the row's own word is taken for the record before it.
    const start = { cluster, sequence: sequence - 1n, hash: previousHash };
    this.#verifier = new ChainVerifier(start, this.#trusted);
  }

  /** Nothing comes any more; the ledger had counted records up to `counted`. */
  finish(counted: bigint): ChainVerdict {
    const end = this.#trusted.reduce((last, { sequence }) => greatest(last, sequence), counted);
    this.#addParked(end + 1n);
    this.#skipArchived(end);
    this.#judge(this.#verifier.finish(), true);
    const { head, anchored } = this.#verifier;
    const forgotten = this.#forgotten();
    if (!this.isDamaged && head.sequence < counted && counted > forgotten) {
      this.#damage = truncatedEnd(head, { ...head, sequence: counted });
    }
    const damage = first(this.#damage, this.#edited);
    return {
      head: damage === undefined ? head : this.#headBefore(damage),
      records: this.#records,
      anchored: anchored === this.#unvouched ? 0n : least(anchored, damage),
      ...(damage === undefined ? {} : { damage }),
      unknown: this.#unknown,
      archived: this.#archived,
      ...(forgotten === 0n ? {} : { forgotten }),
    };
  }

  /** The last head that is known to be right where something is wrong. */
  #headBefore({ first, cluster }: Damage): ChainHead {
    const known = [...this.#trusted, ...this.#heads].filter(({ sequence }) => sequence < first);
    return known.reduce<ChainHead>(
      (last, head) => (head.sequence > last.sequence ? head : last),
      genesis(cluster),
    );
  }

  #judge(found: Damage | undefined, isEnd = false): void {
    if (found === undefined || this.#damage !== undefined) return;
    // Before a part that lies in the archive, the end is not the end.
    if (found.kind === "truncated-end" && !isEnd) return;
    const row = this.#recent.find(({ sequence }) => sequence === found.first);
    if (found.kind === "truncated-start" && found.first > 1n) {
      this.#damage = missingBetween(found);
      return;
    }
    const isMoved = found.kind === "edited" && row !== undefined;
    this.#damage = isMoved ? movedRecord(found, row) : found;
  }
}

/** Before it there are objects, so it is no beginning that is missing. */
function missingBetween(damage: Damage): Damage {
  const { cluster, first, last } = damage;
  const which = first === last ? `Record ${first}` : `Records ${first} to ${last}`;
  const verb = first === last ? "was" : "were";
  const message =
    `${which} of cluster ${cluster} ${verb} deleted: neither the ledger nor any object that it ` +
    "knows of has what follows the archived ones.";
  return { ...damage, kind: "deleted", message };
}

/** The one that concerns the earlier record; the chain's word, where both mean the same one. */
function first(chain: Damage | undefined, columns: Damage | undefined): Damage | undefined {
  if (chain === undefined || columns === undefined) return chain ?? columns;
  return columns.first < chain.first ? columns : chain;
}

function least(anchored: bigint, damage: Damage | undefined): bigint {
  return damage === undefined || anchored < damage.first ? anchored : damage.first - 1n;
}
