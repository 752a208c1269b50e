import { utf8Text } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { parseKey } from "@holdfast/core/lock/keys";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { headRun, type Waiter } from "@holdfast/core/lock/queue";
import { decodeRecord } from "@holdfast/core/lock/record";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { WatchEvent } from "./ports/shard-store.ts";

/**
 * What a lock's holders and queue were at some revision, kept up by watch events.
 *
 * It is fed by snapshots and the watch *only*, never by this router's own answers: an answer can
 * overtake the watch, and a mirror that mixes the two can miss a waiter that came in between and
 * hand the lock to the one behind it.
 */
export class QueueMirror {
  /** What holds the lock, or one that excludes it, by key. */
  readonly #holders = new Map<string, KeyValue>();
  /** In the order of the queue: by create revision, then by key. */
  #waiters = new Map<GrantId, Waiter>();
  /** Keys of places in line whose records are of another format. */
  readonly #unreadable = new Set<string>();
  #last: Waiter | undefined;
  #revision = 0n;

  /** The last revision seen. */
  get revision(): bigint {
    return this.#revision;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /** Places as the store counts them: also those that could not be read. */
  get placeCount(): number {
    return this.#waiters.size + this.#unreadable.size;
  }

  get holderCount(): number {
    return this.#holders.size;
  }

  /** Starts anew from a consistent read. */
  reset(revision: bigint, holders: readonly KeyValue[], waiters: readonly KeyValue[]): void {
    this.#revision = revision;
    this.#holders.clear();
    for (const kv of holders) this.#holders.set(kv.key, kv);
    this.#unreadable.clear();
    const inLine: Waiter[] = [];
    for (const kv of waiters) {
      const waiter = waiterOf(kv);
      if (waiter === undefined) this.#unreadable.add(kv.key);
      else inLine.push(waiter);
    }
    this.#arrange(inLine);
  }

  /** Takes one event in; returns the waiter that is no longer in line, if that is what it was. */
  apply(event: WatchEvent): void {
    const { kv } = event;
    if (kv.modRevision > this.#revision) this.#revision = kv.modRevision;
    if (kv.key.startsWith("q")) this.#applyToQueue(event);
    else if (event.kind === "put") this.#holders.set(kv.key, kv);
    else this.#holders.delete(kv.key);
  }

  #applyToQueue({ kind, kv }: WatchEvent): void {
    const grantId = parseKey(kv.key)?.grantId;
    this.#unreadable.delete(kv.key);
    const waiter = kind === "delete" ? undefined : waiterOf(kv);
    if (grantId === undefined || waiter === undefined) {
      if (kind === "put") this.#unreadable.add(kv.key);
      if (grantId !== undefined) this.#waiters.delete(grantId);
      return;
    }
    const last = this.#last;
    const isNew = !this.#waiters.has(grantId);
    this.#waiters.set(grantId, waiter);
    // Several may be queued by one batch, in one revision; then the key decides, as in a snapshot.
    if (isNew && last !== undefined && byPlace(last, waiter) > 0) {
      this.#arrange([...this.#waiters.values()]);
    } else if (isNew) this.#last = waiter;
  }

  has(grantId: GrantId): boolean {
    return this.#waiters.has(grantId);
  }

  /** The head, with the shared waiters right behind it if it is shared; as if `gone` had left. */
  headRun(gone?: GrantId): Waiter[] {
    const inLine = this.#waiters.values();
    if (gone === undefined || !this.#waiters.has(gone)) return headRun(inLine);
    return headRun(inLine.filter(({ grantId }) => grantId !== gone));
  }

  /** Nobody holds what excludes a grant of `mode`. */
  isFree(mode: Mode): boolean {
    if (mode === "exclusive") return this.#holders.size === 0;
    for (const key of this.#holders.keys()) if (modeOfKey(key) === "exclusive") return false;
    return true;
  }

  /** Up to `count` of those who hold the lock, or one that excludes it. */
  holders(count: number): KeyValue[] {
    const some: KeyValue[] = [];
    for (const kv of this.#holders.values()) {
      if (some.length >= count) break;
      some.push(kv);
    }
    return some;
  }

  /**
   * The place of a waiter, 1 being the head; undefined where it is not in line. Walks the queue.
   */
  positionOf(grantId: GrantId): number | undefined {
    let position = 0;
    for (const waiting of this.#waiters.keys()) {
      position++;
      if (waiting === grantId) return position;
    }
    return undefined;
  }

  /** The first `count` in line. */
  front(count: number): GrantId[] {
    const front: GrantId[] = [];
    for (const grantId of this.#waiters.keys()) {
      if (front.length >= count) break;
      front.push(grantId);
    }
    return front;
  }

  #arrange(waiters: Waiter[]): void {
    waiters.sort(byPlace);
    this.#waiters = new Map(waiters.map((waiter) => [waiter.grantId, waiter]));
    this.#last = waiters.at(-1);
  }
}

/** Undefined for a record of another format: what cannot be read cannot be promoted. */
function waiterOf(kv: KeyValue): Waiter | undefined {
  const grantId = parseKey(kv.key)?.grantId;
  const mode = decodeRecord(kv.value)?.mode;
  if (grantId === undefined || mode === undefined) return undefined;
  const { createRevision, modRevision, lease } = kv;
  const stored = utf8Text(kv.value.subarray(1));
  return { grantId: flat(grantId), mode, stored, createRevision, modRevision, lease };
}

/** A slice of a key keeps the whole key alive, and the text it was cut from: copy what is kept. */
function flat(grantId: GrantId): GrantId {
  return Buffer.from(grantId, "latin1").toString("latin1") as GrantId;
}

function byPlace(left: Waiter, right: Waiter): number {
  if (left.createRevision !== right.createRevision) {
    return left.createRevision < right.createRevision ? -1 : 1;
  }
  return left.grantId < right.grantId ? -1 : left.grantId > right.grantId ? 1 : 0;
}

function modeOfKey(key: string): Mode {
  return key.startsWith("x") ? "exclusive" : "shared";
}
