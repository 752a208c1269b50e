import type { Clock } from "@holdfast/base/clock";
import {
  assertKeys,
  assertWrites,
  type Cache,
  type CacheEntry,
  type CacheReadReply,
  type CacheUnavailable,
  type CacheWrite,
  type CacheWriteReply,
} from "../ports/cache.ts";

/** Entries kept at once; past it all are forgotten, as a cache may. */
const entriesMax = 100_000;

const unavailable: CacheUnavailable = { kind: "unavailable", message: "the cache does not answer" };

/** A cache in memory: the same answers to the same calls as Redis (test/contract proves it). */
export class MemoryCache implements Cache {
  readonly #clock: Clock;
  readonly #entries = new Map<string, CacheEntry & { readonly untilMs: number }>();
  /** Whether anybody answers: while not, nothing is written, and every call says so. */
  reachable = true;
  /** Whether what is written is there, but nobody is told so. */
  losesAnswers = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async read(keys: readonly string[]): Promise<CacheReadReply> {
    assertKeys(keys);
    if (!this.reachable || this.losesAnswers) return unavailable;
    return { kind: "read", entries: keys.map((key) => this.#standing(key)) };
  }

  async write(entries: readonly CacheWrite[]): Promise<CacheWriteReply> {
    assertWrites(entries);
    if (!this.reachable) return unavailable;
    const kept = entries.filter((entry) => this.#put(entry));
    if (this.losesAnswers) return unavailable;
    return { kind: "written", outrun: entries.length - kept.length };
  }

  /** Forgets everything, as a Redis that was flushed or started again. */
  flush(): void {
    this.#entries.clear();
  }

  #put({ key, revision, value, ttlMs }: CacheWrite): boolean {
    const standing = this.#standing(key);
    if (standing !== undefined && isNewer(standing, { revision, value })) return false;
    if (this.#entries.size >= entriesMax) this.#entries.clear();
    const untilMs = this.#clock.monotonicMs() + ttlMs;
    this.#entries.set(key, { revision, ...(value && { value: value.slice() }), untilMs });
    return true;
  }

  #standing(key: string): CacheEntry | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    const { untilMs, ...entry } = found;
    if (untilMs > this.#clock.monotonicMs()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

function isNewer(standing: CacheEntry, next: { revision: bigint; value: unknown }): boolean {
  if (standing.revision !== next.revision) return standing.revision > next.revision;
  return standing.value !== undefined && next.value === undefined;
}
