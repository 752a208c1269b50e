import type { Clock, Timer } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type KeyRange, parseKey } from "@holdfast/core/lock/keys";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { decodeRecord, tokenOf } from "@holdfast/core/lock/record";
import type { KeyValue, RangeOp } from "@holdfast/core/txn/txn";
import type { LockSite } from "./lock-site.ts";
import type { Watch, WatchEvent } from "./ports/shard-store.ts";
import { QueueMirror } from "./queue-mirror.ts";

/** A grant that a waiter was promoted to. */
export interface Promotion {
  readonly kind: "granted";
  readonly token: bigint;
  readonly lease: bigint;
  readonly mode: Mode;
}

/** What a follower reports. */
export interface FollowerListener {
  /** The mirror changed or became current. */
  onChange(): void;
  /** A caller of this router waits for that grant. */
  isWanted(grantId: GrantId): boolean;
  /** The place of a wanted grant hangs on another lease than when it was made. */
  onMoved(grantId: GrantId, lease: bigint): void;
  /** A wanted grant holds the lock. */
  onHolder(grantId: GrantId, promotion: Promotion): void;
  /** The mirror was read anew as of `revision`, and all wanted holders in it were reported. */
  onSnapshot(revision: bigint): void;
}

/** Silence after which the lock is looked at again, in ms: a watch is a hint, never a promise. */
const silenceMs = 2_000;
/** Every so many looks read everything instead of counting. */
const fullLookEvery = 10;
/** First and longest pause after a failed read, or after watches that did not last, in ms. */
const retryMs = { min: 100, max: 2_000 };
/** How long watches must last to be begun again without a pause, in ms. */
const steadyMs = 1_000;
/** The three watches of one revision arrive one after the other; wait this long for the rest. */
const gatherMs = 2;
/** A waiter that left the queue without becoming a holder is looked up after this. */
const lookUpMs = 20;

/**
 * Keeps a {@link QueueMirror} up with one lock: snapshot, then watches, and again when in doubt.
 */
export class QueueFollower {
  readonly mirror = new QueueMirror();
  readonly #site: LockSite;
  readonly #clock: Clock;
  readonly #listener: FollowerListener;
  #watches: Watch[] = [];
  #silence: Timer | undefined;
  #gather: Timer | undefined;
  #lookUp: Timer | undefined;
  /** Waiters of this router that left the queue, or never showed up in it. */
  readonly #missing = new Set<GrantId>();
  /** Counts the snapshots, so that what an older one started is not heard any more. */
  #run = 0;
  #reading: Promise<void> = Promise.resolve();
  #current = false;
  #stopped = false;
  /** Failed reads and watches that ended soon, since the last ones that lasted. */
  #failures = 0;
  #watchingSinceMs = Number.POSITIVE_INFINITY;
  #looks = 0;
  #heardAtMs = 0;

  constructor(site: LockSite, clock: Clock, listener: FollowerListener) {
    this.#site = site;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** The mirror shows a state the lock had a moment ago. */
  get isCurrent(): boolean {
    return this.#current;
  }

  start(): void {
    this.#reading = this.#restart();
  }

  /** Resolves when the read under way has ended, well or not. */
  whenRead(): Promise<void> {
    return this.#reading;
  }

  stop(): void {
    this.#stopped = true;
    this.#current = false;
    this.#run++;
    this.#cancelAll();
  }

  /** A place exists since `placedAt`: if the mirror has seen that revision and lacks it, look. */
  check(grantId: GrantId, placedAt: bigint): void {
    if (this.#current && this.mirror.revision >= placedAt && !this.mirror.has(grantId)) {
      this.#lookSoon(grantId);
    }
  }

  async #restart(): Promise<void> {
    const run = ++this.#run;
    this.#cancelAll();
    const snapshot = await this.#read();
    if (run !== this.#run || this.#stopped) return;
    if (snapshot === undefined) {
      this.#pause();
      return;
    }
    const { revision, holders, waiters } = snapshot;
    this.mirror.reset(revision, holders, waiters);
    this.#current = true;
    this.#watch(run, revision + 1n);
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#armSilence();
    for (const kv of waiters) this.#tellMoved(kv);
    for (const kv of holders) this.#tellHolder(kv);
    this.#listener.onSnapshot(revision);
    this.#listener.onChange();
  }

  /** Goes on later. Until then nothing tells what happens to the lock. */
  #pause(): void {
    this.#run++;
    this.#cancelAll();
    this.#current = false;
    const delayMs = Math.min(retryMs.max, retryMs.min * 2 ** this.#failures++);
    this.#silence = this.#clock.schedule(delayMs, () => void this.#restart());
  }

  /** Holders and queue as of one revision. */
  async #read(): Promise<Snapshot | undefined> {
    const ranges = this.#ranges();
    const reply = await this.#site.shard.store.commit({
      compares: [],
      success: ranges.map(readAll),
      failure: [],
    });
    if (reply.kind !== "committed") return undefined;
    const kvs = reply.result.results.map((result) => {
      invariant(result.kind === "range", "a read answers with a range");
      return result.kvs;
    });
    return {
      revision: reply.revision,
      waiters: kvs[0] ?? [],
      holders: kvs.slice(1).flat(),
    };
  }

  #ranges(): KeyRange[] {
    const { keys, footprint } = this.#site;
    return [keys.queue, ...footprint.exclusive, ...footprint.shared];
  }

  #watch(run: number, startRevision: bigint): void {
    this.#watchingSinceMs = this.#clock.monotonicMs();
    this.#watches = this.#ranges().map(({ prefix, end }) =>
      this.#site.shard.store.watch(
        { key: prefix, rangeEnd: end, startRevision },
        {
          onEvents: (_, events) => {
            if (run === this.#run) this.#take(events);
          },
          onEnd: () => {
            if (run === this.#run && !this.#stopped) this.#onWatchEnd();
          },
        },
      ),
    );
  }

  /** Where watches are refused each time, no pause would mean to read the lock in a tight loop. */
  #onWatchEnd(): void {
    if (this.#isSteady()) void this.#restart();
    else this.#pause();
  }

  #isSteady(): boolean {
    return this.#clock.monotonicMs() - this.#watchingSinceMs >= steadyMs;
  }

  #take(events: readonly WatchEvent[]): void {
    // One batch queues many in one revision, in no order: in the mirror's order each is the last.
    const inOrder = events.length > 1 ? [...events].sort(byKey) : events;
    for (const event of inOrder) {
      this.mirror.apply(event);
      if (!event.kv.key.startsWith("q")) {
        if (event.kind === "put") this.#tellHolder(event.kv);
      } else if (event.kind === "put") {
        this.#tellMoved(event.kv);
      } else {
        const grantId = parseKey(event.kv.key)?.grantId;
        if (grantId !== undefined && this.#listener.isWanted(grantId)) {
          this.#lookSoon(grantId);
        }
      }
    }
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#gather ??= this.#clock.schedule(gatherMs, () => {
      this.#gather = undefined;
      this.#listener.onChange();
    });
  }

  #tellHolder(kv: KeyValue): void {
    const grantId = parseKey(kv.key)?.grantId;
    if (grantId === undefined || !this.#listener.isWanted(grantId)) return;
    const record = decodeRecord(kv.value);
    if (record === undefined) return;
    const token = tokenOf(kv, record);
    this.#listener.onHolder(grantId, {
      kind: "granted",
      token,
      lease: kv.lease,
      mode: record.mode,
    });
  }

  #tellMoved(kv: KeyValue): void {
    if (kv.createRevision === kv.modRevision) return;
    const grantId = parseKey(kv.key)?.grantId;
    if (grantId !== undefined && this.#listener.isWanted(grantId)) {
      this.#listener.onMoved(grantId, kv.lease);
    }
  }

  /** A waiter of ours left the queue: unless its grant shows up, find out what became of it. */
  #lookSoon(grantId: GrantId): void {
    this.#missing.add(grantId);
    this.#lookUp ??= this.#clock.schedule(lookUpMs, () => {
      this.#lookUp = undefined;
      const missing = [...this.#missing];
      this.#missing.clear();
      // Nearly always the grant showed up a moment later; reading a long queue again costs a lot.
      if (missing.some((each) => this.#listener.isWanted(each))) void this.#restart();
    });
  }

  #armSilence(): void {
    const quietForMs = this.#clock.monotonicMs() - this.#heardAtMs;
    this.#silence = this.#clock.schedule(Math.max(1, silenceMs - quietForMs), () => {
      if (this.#clock.monotonicMs() - this.#heardAtMs < silenceMs) this.#armSilence();
      else void this.#look();
    });
  }

  /**
   * Compares the mirror with the store: by counting, which is cheap for a long queue, or in full.
   */
  async #look(): Promise<void> {
    const run = this.#run;
    if (++this.#looks % fullLookEvery === 0) return this.#restart();
    const reply = await this.#site.shard.store.commit({
      compares: [],
      success: this.#ranges().map(({ prefix, end }) => ({
        kind: "range",
        key: prefix,
        rangeEnd: end,
        countOnly: true,
      })),
      failure: [],
    });
    if (run !== this.#run || this.#stopped) return;
    if (reply.kind !== "committed") return this.#restart();
    const [waiting, ...holding] = reply.result.results.map((result) =>
      result.kind === "range" ? result.count : 0,
    );
    const holders = holding.reduce((sum, count) => sum + count, 0);
    if (waiting !== this.mirror.placeCount || holders !== this.mirror.holderCount) {
      return this.#restart();
    }
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#armSilence();
  }

  #cancelAll(): void {
    if (this.#isSteady()) this.#failures = 0;
    this.#watchingSinceMs = Number.POSITIVE_INFINITY;
    for (const watch of this.#watches) watch.cancel();
    this.#watches = [];
    for (const timer of [this.#silence, this.#gather, this.#lookUp]) timer?.cancel();
    this.#silence = this.#gather = this.#lookUp = undefined;
    this.#missing.clear();
  }
}

function byKey({ kv: left }: WatchEvent, { kv: right }: WatchEvent): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

interface Snapshot {
  readonly revision: bigint;
  readonly holders: readonly KeyValue[];
  readonly waiters: readonly KeyValue[];
}

function readAll({ prefix, end }: KeyRange): RangeOp {
  return { kind: "range", key: prefix, rangeEnd: end };
}
