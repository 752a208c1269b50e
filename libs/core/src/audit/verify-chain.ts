import { invariant } from "@holdfast/base/invariant";
import { type ChainHead, headOf, type Link, sameHash } from "./chain.ts";
import {
  type Break,
  type Damage,
  damageOf,
  fits,
  lookAhead,
  rewrittenStart,
  truncatedEnd,
} from "./chain-damage.ts";

/** Of so many records in order the hashes are remembered, to recognise one that comes again. */
const recentMax = 64;

/**
 * Reads one cluster's chain as it stands in a ledger or in archived objects, and finds the first
 * record that is not as the journal wrote it. It keeps a bounded memory however long the chain is,
 * and goes on from one partition or object to the next by {@link ChainVerifier.head}.
 *
 * What is found by the links alone, wherever it is followed by an untouched record: an edit, a
 * deletion, an insertion, another order, a duplicate, a fork, and a record that was edited and
 * hashed anew. A first record that is missing is found by the head that reading starts from.
 *
 * What only a trusted head finds, that is one from where whoever tampers cannot write (the
 * journal's checkpoint, the manifest of a locked object, a printed one): that the end is missing;
 * that the last record was edited and hashed anew; and that everything was hashed anew from some
 * record on, which is then known to lie between the last trusted head that agrees and the first
 * that does not.
 *
 * What is found by nothing: records that were hashed anew, left out or added behind the last
 * trusted head. {@link ChainVerifier.anchored} says how far one reaches. Records behind it are no
 * damage: the journal stores its checkpoint after it has produced.
 *
 * The kind is certain where one thing was done to a chain; of two within {@link lookAhead} records
 * of each other, the first is found, but may be given the name of what both look like together. A
 * record that was moved back further than that counts as deleted, for that is what is seen first.
 */
export class ChainVerifier {
  readonly #trusted: Map<bigint, ChainHead>;
  readonly #end: ChainHead;
  readonly #recent = new Map<bigint, Uint8Array>();
  readonly #start: ChainHead;
  #last: ChainHead;
  #anchored: bigint;
  /** From the record on that did not fit. */
  #pending: Link[] = [];
  #damage: Damage | undefined;

  /**
   * `start`: the head before the first record to come, {@link genesis} or a stored one; it is taken
   * for true. `trusted`: heads of the same cluster that are known from elsewhere, in any order.
   */
  constructor(start: ChainHead, trusted: readonly ChainHead[] = []) {
    invariant(
      trusted.every(({ cluster }) => cluster === start.cluster),
      "heads of one cluster",
    );
    this.#start = headOf(start);
    this.#last = this.#start;
    this.#anchored = start.sequence;
    this.#trusted = new Map(trusted.map((head) => [head.sequence, headOf(head)]));
    this.#end = trusted.reduce<ChainHead>(later, this.#start);
    this.#recent.set(start.sequence, start.hash);
    const known = this.#trusted.get(start.sequence);
    if (known !== undefined && !sameHash(known.hash, start.hash)) {
      this.#damage = rewrittenStart(start);
    }
  }

  /** The latest record in order: where the next partition, or the next run, goes on. */
  get head(): ChainHead {
    return this.#last;
  }

  /** The number of the latest record that a trusted head vouches for, all before it included. */
  get anchored(): bigint {
    return this.#anchored;
  }

  /**
   * The next record as it is stored. Answers with the first damage from the moment it is certain,
   * which is up to {@link lookAhead} records after the bad one.
   */
  add(link: Link): Damage | undefined {
    if (this.#damage !== undefined) return this.#damage;
    if (this.#pending.length === 0 && fits(this.#last, this.#hashOf, link)) this.#accept(link);
    else if (this.#pending.push(link) > lookAhead) this.#judge();
    return this.#damage;
  }

  /** Nothing comes after what was added. */
  finish(): Damage | undefined {
    if (this.#damage !== undefined) return this.#damage;
    if (this.#pending.length > 0) this.#judge();
    else if (this.#end.sequence > this.#last.sequence) {
      this.#damage = truncatedEnd(this.#last, this.#end);
    }
    return this.#damage;
  }

  readonly #hashOf: Break["trusted"] = (sequence) => this.#trusted.get(sequence)?.hash;

  #accept(link: Link): void {
    this.#last = headOf(link);
    this.#recent.set(link.sequence, link.hash);
    this.#recent.delete(link.sequence - BigInt(recentMax));
    if (this.#trusted.has(link.sequence)) this.#anchored = link.sequence;
  }

  #judge(): void {
    const [found, ...then] = this.#pending;
    invariant(found !== undefined, "a break is a record that does not fit");
    this.#damage = damageOf({
      last: this.#last,
      isStart: this.#last === this.#start,
      anchored: this.#anchored,
      recent: this.#recent,
      trusted: this.#hashOf,
      found,
      then,
    });
    this.#pending = [];
  }
}

function later(left: ChainHead, right: ChainHead): ChainHead {
  return right.sequence > left.sequence ? right : left;
}
