import { invariant } from "@holdfast/base/invariant";

/** A bucket that grows past this is cut in two. Chosen by measurement at 200,000 keys. */
const bucketMax = 256;

/**
 * A set of keys in byte order.
 *
 * Cut into buckets, because an insertion into one sorted array moves every later entry: at 200,000
 * keys that is a hundred times slower.
 */
export class SortedKeys {
  readonly #buckets: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a key that is not in the set. */
  insert(key: string): void {
    this.#size += 1;
    if (this.#buckets.length === 0) {
      this.#buckets.push([key]);
      return;
    }
    const index = this.#bucketOf(key);
    const bucket = this.#bucket(index);
    const at = lowerBound(bucket, key);
    invariant(bucket[at] !== key, "a key is in the set once");
    bucket.splice(at, 0, key);
    if (bucket.length > bucketMax) {
      this.#buckets.splice(index + 1, 0, bucket.splice(bucketMax >> 1));
    }
  }

  /** Removes a key that is in the set. */
  remove(key: string): void {
    const index = this.#bucketOf(key);
    const bucket = this.#bucket(index);
    const at = lowerBound(bucket, key);
    invariant(bucket[at] === key, "only a key in the set is removed");
    bucket.splice(at, 1);
    if (bucket.length === 0) this.#buckets.splice(index, 1);
    this.#size -= 1;
  }

  /** The keys in [start, end), in order. The set must not change while they are read. */
  *between(start: string, end: string): Generator<string, void, undefined> {
    if (this.#buckets.length === 0) return;
    for (let index = this.#bucketOf(start); index < this.#buckets.length; index++) {
      const bucket = this.#bucket(index);
      for (let at = lowerBound(bucket, start); at < bucket.length; at++) {
        const key = bucket[at] as string;
        if (key >= end) return;
        yield key;
      }
    }
  }

  /** How many keys lie in [start, end); whole buckets are counted at once. */
  count(start: string, end: string): number {
    if (this.#buckets.length === 0) return 0;
    const from = this.#bucketOf(start);
    const to = this.#bucketOf(end);
    let total = lowerBound(this.#bucket(to), end) - lowerBound(this.#bucket(from), start);
    for (let index = from; index < to; index++) total += this.#bucket(index).length;
    return Math.max(0, total);
  }

  /** The last bucket whose first key is not after `key`; the first bucket if there is none. */
  #bucketOf(key: string): number {
    let low = 0;
    let high = this.#buckets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#bucket(middle)[0] as string) <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #bucket(index: number): string[] {
    const bucket = this.#buckets[index];
    invariant(bucket !== undefined, "a bucket index lies within the set");
    return bucket;
  }
}

/** Where the first entry lies that is not before `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
