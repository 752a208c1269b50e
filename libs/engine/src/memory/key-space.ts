import { compareBytes, emptyBytes } from "@holdfast/base/bytes";
import { invariant } from "@holdfast/base/invariant";
import type { Compare, CompareOp, KeyValue, RangeOp, RangeResult } from "@holdfast/core/txn/txn";
import { SortedKeys } from "./sorted-keys.ts";

/** The current keys and values of a shard, and what can be asked about them. */
export class KeySpace {
  readonly #kvs = new Map<string, KeyValue>();
  readonly #keys = new SortedKeys();

  get size(): number {
    return this.#keys.size;
  }

  /** All of them, in no particular order. */
  get all(): Iterable<KeyValue> {
    return this.#kvs.values();
  }

  get(key: string): KeyValue | undefined {
    return this.#kvs.get(key);
  }

  set(kv: KeyValue): void {
    if (!this.#kvs.has(kv.key)) this.#keys.insert(kv.key);
    this.#kvs.set(kv.key, kv);
  }

  delete(key: string): void {
    this.#kvs.delete(key);
    this.#keys.remove(key);
  }

  /** The keys at `key`, or in [key, rangeEnd), in order. */
  keys(key: string, rangeEnd: string | undefined): string[] {
    if (rangeEnd === undefined) return this.#kvs.has(key) ? [key] : [];
    assertSpan(key, rangeEnd);
    return [...this.#keys.between(key, rangeEnd)];
  }

  read(range: RangeOp): RangeResult {
    if (range.countOnly) return { kind: "range", kvs: [], count: this.#count(range) };
    const limit = range.limit || Number.POSITIVE_INFINITY;
    let kvs: KeyValue[] = [];
    if (range.order === "create") {
      for (const key of this.keys(range.key, range.rangeEnd)) kvs.push(this.#at(key));
      // Stable, so keys of one revision stay in key order.
      kvs.sort((left, right) => compareRevisions(left.createRevision, right.createRevision));
      kvs = kvs.slice(0, limit);
    } else if (range.rangeEnd === undefined) {
      const kv = this.#kvs.get(range.key);
      if (kv !== undefined) kvs.push(kv);
    } else {
      assertSpan(range.key, range.rangeEnd);
      for (const key of this.#keys.between(range.key, range.rangeEnd)) {
        if (kvs.length === limit) break;
        kvs.push(this.#at(key));
      }
    }
    if (range.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: emptyBytes }));
    return { kind: "range", kvs, count: this.#count(range) };
  }

  /**
   * Whether `compare` holds now. Over a range it must hold for every key in it; where there is no
   * key, revisions count as 0 and a value compare is false, whatever its operator.
   */
  holds(compare: Compare): boolean {
    if (compare.target === "value") {
      const kv = this.#kvs.get(compare.key);
      return kv !== undefined && related(compare.op, compareBytes(kv.value, compare.value));
    }
    const { target, key, rangeEnd, op, revision } = compare;
    if (rangeEnd === undefined) {
      return related(op, compareRevisions(revisionOf(this.#kvs.get(key), target), revision));
    }
    assertSpan(key, rangeEnd);
    let found = false;
    for (const inside of this.#keys.between(key, rangeEnd)) {
      found = true;
      const stored = revisionOf(this.#kvs.get(inside), target);
      if (!related(op, compareRevisions(stored, revision))) return false;
    }
    return found || related(op, compareRevisions(0n, revision));
  }

  #count(range: RangeOp): number {
    if (range.rangeEnd === undefined) return this.#kvs.has(range.key) ? 1 : 0;
    assertSpan(range.key, range.rangeEnd);
    return this.#keys.count(range.key, range.rangeEnd);
  }

  #at(key: string): KeyValue {
    const kv = this.#kvs.get(key);
    invariant(kv !== undefined, "every sorted key has a value");
    return kv;
  }
}

/** etcd gives an end that sorts before its key meanings of its own; Holdfast never sends one. */
function assertSpan(key: string, rangeEnd: string): void {
  invariant(key < rangeEnd, "a range ends after its first key");
}

function revisionOf(kv: KeyValue | undefined, target: "create" | "mod"): bigint {
  if (kv === undefined) return 0n;
  return target === "create" ? kv.createRevision : kv.modRevision;
}

function compareRevisions(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function related(op: CompareOp, difference: number): boolean {
  switch (op) {
    case "=":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case "<":
      return difference < 0;
    case ">":
      return difference > 0;
  }
}
