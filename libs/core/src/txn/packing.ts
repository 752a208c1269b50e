import type { TxnSize } from "./size.ts";
import type { Compare, Txn } from "./txn.ts";

/** What a batch is made of. */
export interface Member {
  readonly txn: Txn;
  /**
   * It expects to win: its failure branch only says why not, and it may be carried out together
   * with others of its kind, all or none.
   */
  readonly hopeful?: boolean;
}

/** How far a batch may go; etcd's limits less what goes around a batch (hazard 4). */
export interface BatchLimits {
  /** On any path through nested transactions; etcd's `--max-txn-ops`, 128. */
  readonly operationsMax: number;
  /** How many of these the outermost transaction may take; the rest is a bundle's. */
  readonly bundlesMax: number;
  readonly membersMax: number;
  /** etcd's request limit is 1.5 MiB. */
  readonly bytesMax: number;
}

/** The limits of an etcd with default flags. */
export const defaultBatchLimits: BatchLimits = {
  operationsMax: 128,
  bundlesMax: 32,
  membersMax: 512,
  bytesMax: 1024 * 1024,
};

/**
 * Members of a batch that are nested in one transaction of their own. `each`: every one decides for
 * itself. `all`: one transaction compares what all of them compare and does what all of them do, so
 * it decides nothing about them when one of them would have lost.
 */
export interface Bundle<M extends Member> {
  readonly kind: "each" | "all";
  readonly members: M[];
  /** Of an `all`, each once: the same object is the same compare. */
  readonly compares: Set<Compare>;
}

/**
 * Lays the members of one batch into bundles. etcd counts operations along each path of nested
 * transactions, not in all, so bundles let one Raft entry carry several times as many; and what a
 * batch costs beyond its members, the flush of three disks among it, is shared by more of them.
 */
export class Packing<M extends Member> {
  readonly #bundles: Bundle<M>[] = [];
  readonly #limits: BatchLimits;
  readonly #togetherMax: number;
  readonly #open = new Map<Bundle<M>["kind"], Open<M>>();
  #length = 0;
  #bytes = 0;
  #full = false;

  /** `togetherMax`: members of an `all`; below 2 there are none. */
  constructor(limits: BatchLimits, togetherMax: number) {
    this.#limits = limits;
    this.#togetherMax = togetherMax;
  }

  get length(): number {
    return this.#length;
  }

  get bundles(): readonly Bundle<M>[] {
    return this.#bundles;
  }

  /** False when the batch has no room for it. What is too big for any batch goes alone. */
  add(member: M, size: TxnSize): boolean {
    const { membersMax, bytesMax, operationsMax, bundlesMax } = this.#limits;
    const room = operationsMax - bundlesMax;
    const tooBig = size.width >= room || size.bytes > bytesMax;
    if (this.#length > 0) {
      const over = this.#length === membersMax || this.#bytes + size.bytes > bytesMax;
      if (this.#full || over || tooBig) return false;
    }
    const kind = member.hopeful && this.#togetherMax > 1 ? "all" : "each";
    let open = this.#open.get(kind);
    if (open === undefined || !this.#fits(open, member, size, room)) {
      if (this.#bundles.length === bundlesMax) return false;
      open = { bundle: { kind, members: [], compares: new Set() }, operations: 0, widest: 0 };
      this.#open.set(kind, open);
      this.#bundles.push(open.bundle);
    }
    const { bundle } = open;
    bundle.members.push(member);
    if (kind === "all") for (const compare of member.txn.compares) bundle.compares.add(compare);
    open.operations += member.txn.success.length;
    open.widest = Math.max(open.widest, size.width);
    this.#length++;
    this.#bytes += size.bytes;
    this.#full = tooBig;
    return true;
  }

  #fits(open: Open<M>, member: M, size: TxnSize, room: number): boolean {
    const { members, compares, kind } = open.bundle;
    if (kind === "each") return members.length + 1 + Math.max(open.widest, size.width) <= room;
    // At most: some of its compares may be there already.
    return (
      members.length < this.#togetherMax &&
      compares.size + member.txn.compares.length <= room &&
      open.operations + member.txn.success.length <= room
    );
  }
}

/** A bundle that still takes members. */
interface Open<M extends Member> {
  readonly bundle: Bundle<M>;
  operations: number;
  widest: number;
}
