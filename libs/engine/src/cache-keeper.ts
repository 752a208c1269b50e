import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { isGlobal, type LockId } from "@holdfast/core/lock/lock-id";
import {
  type CachedShard,
  floorMarkKey,
  lockEntryKey,
  markTtlMs,
  namespaceMarkKey,
} from "./cache-keys.ts";
import { type Cache, type CacheWrite, cacheLimits } from "./ports/cache.ts";
import type { Counter, Meter } from "./ports/meter.ts";

/** Marks that wait to be written; past it one mark for the whole shard stands for them all. */
const pendingMax = 10_000;
/** Between two attempts at a cache that does not answer, in ms. */
const pauseMs = { first: 50, most: 1_000 };

/** What a keeper is built from. */
export interface CacheKeeperOptions extends CachedShard {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly meter: Meter;
}

/**
 * Marks in the cache what changes in one shard, so that a CACHED read shows no state that the
 * journal has seen end. It is told of each event at least once, in any batches, and never holds the
 * teller up: what it cannot write at once it remembers, by key, up to a bound.
 *
 * What it cannot tell for certain it gives up whole: after a gap in the history, past the bound,
 * and once the cache has not answered (it may have lost what was written before), a single mark
 * says that nothing is to be believed that was read below the highest revision known. The next
 * reader of each lock then asks the shard.
 */
export class CacheKeeper {
  readonly #of: CachedShard;
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #marks: Counter<"of">;
  readonly #failures: Counter;
  readonly #stopped = new Cancellation();
  /** By key, the highest revision that touched it. */
  readonly #pending = new Map<string, bigint>();
  /** To be written before anything else: it stands for all that was pending until then. */
  #floor: bigint | undefined;
  #highest = 0n;
  #writing = false;

  constructor({ cache, clock, meter, ...of }: CacheKeeperOptions) {
    this.#of = of;
    this.#cache = cache;
    this.#clock = clock;
    this.#marks = meter.counter({
      name: "holdfast_cache_marks_total",
      help: "Marks written into the cache: of a lock or namespace that changed, or a whole shard.",
      labels: ["of"],
    });
    this.#failures = meter.counter({
      name: "holdfast_cache_mark_failures_total",
      help: "Times the cache did not take marks; each does away with all it knows of a shard.",
    });
  }

  /** Takes note and returns at once. */
  onEvents(events: readonly AuditEvent[]): void {
    if (this.#stopped.cancelled) return;
    for (const event of events) {
      if (event.revision > this.#highest) this.#highest = event.revision;
      this.#note(event);
    }
    if (this.#pending.size > pendingMax) this.#giveUp();
    if (!this.#writing) void this.#write();
  }

  /** What is not written by now is left to the end that every entry has. */
  stop(): void {
    this.#stopped.cancel();
  }

  #note(event: AuditEvent): void {
    switch (event.kind) {
      case "SessionOpened":
      case "SessionEnded":
        return;
      case "AuditGap":
        this.#giveUp();
        return;
      case "RecordUnreadable":
        if (event.lock === undefined) this.#giveUp();
        else this.#touch(event.lock, event.revision);
        return;
      case "WaiterQueued":
      case "WaiterLeft":
        // Who waits is in no list.
        if (!isGlobal(event.lock)) this.#mark(lockEntryKey(this.#of, event.lock), event.revision);
        return;
      default:
        // What is told anew behind a gap the gap has done away with.
        if (event.found !== true) this.#touch(event.lock, event.revision);
    }
  }

  /** Global locks are not cached. */
  #touch(lock: LockId, revision: bigint): void {
    if (isGlobal(lock)) return;
    this.#mark(lockEntryKey(this.#of, lock), revision);
    this.#mark(namespaceMarkKey(this.#of, lock.namespace), revision);
  }

  #mark(key: string, revision: bigint): void {
    const known = this.#pending.get(key);
    if (known === undefined || known < revision) this.#pending.set(key, revision);
  }

  #giveUp(): void {
    this.#floor = this.#highest;
    this.#pending.clear();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    for (let pause = pauseMs.first; !this.#stopped.cancelled; ) {
      const marks = this.#next();
      if (marks.length === 0) break;
      const reply = await this.#cache.write(marks);
      if (reply.kind === "written") {
        this.#written(marks);
        pause = pauseMs.first;
        continue;
      }
      this.#failures.add(1);
      this.#giveUp();
      await sleep(this.#clock, pause, this.#stopped);
      pause = Math.min(2 * pause, pauseMs.most);
    }
    this.#writing = false;
  }

  #next(): CacheWrite[] {
    if (this.#floor !== undefined) {
      return [{ key: floorMarkKey(this.#of), revision: this.#floor, ttlMs: markTtlMs }];
    }
    const marks: CacheWrite[] = [];
    for (const [key, revision] of this.#pending) {
      if (marks.length === cacheLimits.keysMax) break;
      marks.push({ key, revision, ttlMs: markTtlMs });
      this.#pending.delete(key);
    }
    return marks;
  }

  #written(marks: readonly CacheWrite[]): void {
    const [first] = marks;
    if (first?.key !== floorMarkKey(this.#of)) {
      this.#marks.add(marks.length, { of: "change" });
      return;
    }
    this.#marks.add(1, { of: "shard" });
    // It may have risen while it was being written.
    if (this.#floor === first.revision) this.#floor = undefined;
  }
}
