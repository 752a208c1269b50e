import { invariant } from "@holdfast/base/invariant";

/**
 * What was read from a store a moment ago, kept for the next one who asks, as Redis keeps it. It is
 * never an authority: whoever decides anything reads the store.
 *
 * Contract (test/contract proves it for every implementation):
 * - An entry is a value, or a mark that says "this changed". It has a revision: where the two meet,
 *   the higher revision stays, whichever was written first; of one revision a value outruns a mark,
 *   for what was read at a revision shows what changed at it. To compare and to write is one step,
 *   so that no writer between them is lost.
 * - An entry is gone `ttlMs` after it was written. Before that it may be gone at any moment, and
 *   all entries at once: nobody may take its absence for a proof.
 * - What stands under a key and was not written so (of another type, too long, without an end or
 *   with one later than {@link CacheLimits.ttlMsMax}) is none, and is written over. What was
 *   written so may be a lie all the same: a reader must be able to tell its own values.
 * - A read sees all its keys at one moment. A write of several entries is each entry for itself.
 * - Each call is answered within a short time, or is `unavailable`; no promise is rejected but for
 *   a bug. What was `unavailable` may have been written, or may be at any later time.
 */
export interface Cache {
  /** What stands under each key, in the order asked for. */
  read(keys: readonly string[]): Promise<CacheReadReply>;
  write(entries: readonly CacheWrite[]): Promise<CacheWriteReply>;
}

/** Bounds that hold for every call; to pass one is a bug of the caller. */
export interface CacheLimits {
  /** Keys of one read, entries of one write. */
  readonly keysMax: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  /** The longest an entry may live, in ms: how long a lie can stand in the way of what is true. */
  readonly ttlMsMax: number;
}

/** See {@link CacheLimits}. */
export const cacheLimits: CacheLimits = {
  keysMax: 500,
  keyBytesMax: 1_024,
  valueBytesMax: 128 * 1024,
  ttlMsMax: 10_000,
};

/** What stands under a key. */
export interface CacheEntry {
  readonly revision: bigint;
  /** Absent: a mark. */
  readonly value?: Uint8Array;
}

/** An entry to write. */
export interface CacheWrite extends CacheEntry {
  readonly key: string;
  /** 1 to {@link CacheLimits.ttlMsMax}. */
  readonly ttlMs: number;
}

/** Nobody answered in time, or what answered could not. */
export interface CacheUnavailable {
  readonly kind: "unavailable";
  readonly message: string;
}

/** Undefined where nothing stands. */
export type CacheReadReply =
  | { readonly kind: "read"; readonly entries: readonly (CacheEntry | undefined)[] }
  | CacheUnavailable;

/** `outrun`: how many were not kept, because something newer stands there. */
export type CacheWriteReply =
  | { readonly kind: "written"; readonly outrun: number }
  | CacheUnavailable;

/** Asserts that a read keeps to the limits. */
export function assertKeys(keys: readonly string[]): void {
  invariant(keys.length <= cacheLimits.keysMax, "a cache is asked for a bounded number of keys");
  for (const key of keys) {
    invariant(Buffer.byteLength(key) <= cacheLimits.keyBytesMax, "a cache key is bounded");
  }
}

/** Asserts that a write keeps to the limits. */
export function assertWrites(entries: readonly CacheWrite[]): void {
  assertKeys(entries.map(({ key }) => key));
  for (const { revision, value, ttlMs } of entries) {
    invariant(revision >= 0n && revision < 1n << 64n, "a revision is a whole number of 64 bits");
    invariant((value?.length ?? 0) <= cacheLimits.valueBytesMax, "a cached value is bounded");
    const hasEnd = Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= cacheLimits.ttlMsMax;
    invariant(hasEnd, "a cached entry has an end");
  }
}
