import { invariant } from "@holdfast/base/invariant";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { WatchEvent } from "../ports/shard-store.ts";
import { KeySpace } from "./key-space.ts";

/**
 * What every revision changed, from the compacted revision on. Each revision changed something, so
 * the entries lie without gaps and a start revision is found by counting.
 */
export class History {
  #entries: (readonly WatchEvent[])[] = [];
  #events = 0;
  /** The revision of the first entry. */
  #first: number;
  #compacted = 0;

  constructor(firstRevision: number) {
    this.#first = firstRevision;
  }

  /** History before this revision is forgotten; 0 before the first compaction. */
  get compacted(): number {
    return this.#compacted;
  }

  /** How many events are kept. */
  get events(): number {
    return this.#events;
  }

  append(revision: number, events: readonly WatchEvent[]): void {
    invariant(revision === this.#first + this.#entries.length, "history has no gaps");
    this.#entries.push(events);
    this.#events += events.length;
  }

  /** Forgets what lies before `revision`, which exists and is not forgotten yet. */
  compact(revision: number): void {
    invariant(revision > this.#compacted, "compaction goes forward");
    this.#compacted = revision;
    const dropped = Math.max(0, revision - this.#first);
    for (const events of this.#entries.slice(0, dropped)) this.#events -= events.length;
    this.#entries = this.#entries.slice(dropped);
    this.#first += dropped;
  }

  /** The revision from which on at most `eventsMax` events are kept. */
  revisionKeeping(eventsMax: number): number {
    let kept = 0;
    let index = this.#entries.length;
    while (index > 0) {
      kept += (this.#entries[index - 1] as readonly WatchEvent[]).length;
      if (kept > eventsMax) break;
      index -= 1;
    }
    return this.#first + index;
  }

  /** What `present` was at `revision`, which is not forgotten. */
  keysAt(revision: number, present: KeySpace): KeySpace {
    const before = new Map<string, KeyValue | undefined>();
    this.replay(revision + 1, (_revision, events) => {
      for (const { kv, previous } of events) {
        if (!before.has(kv.key)) before.set(kv.key, previous);
      }
    });
    if (before.size === 0) return present;
    const keys = new KeySpace();
    for (const kv of present.all) if (!before.has(kv.key)) keys.set(kv);
    for (const kv of before.values()) if (kv !== undefined) keys.set(kv);
    return keys;
  }

  /** Calls `visit` for every kept revision from `revision` on, in order. */
  replay(revision: number, visit: (revision: number, events: readonly WatchEvent[]) => void): void {
    for (let index = Math.max(0, revision - this.#first); index < this.#entries.length; index++) {
      visit(this.#first + index, this.#entries[index] as readonly WatchEvent[]);
    }
  }
}
