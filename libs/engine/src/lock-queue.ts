import type { Timer } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { makeToken, tokenRevision } from "@holdfast/core/fencing/token";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { handOverTxn, promotedOf, promoteTxn, type Waiter } from "@holdfast/core/lock/queue";
import type { KeyValue, Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { LockSite } from "./lock-site.ts";
import { type Promotion, QueueFollower } from "./queue-follower.ts";
import type { Surroundings } from "./shard.ts";

/** A caller of this router that stands in line. */
export interface LocalWaiter {
  readonly grantId: GrantId;
  /** The revision at which its place was known to exist. */
  readonly placedAt: bigint;
  settle(result: WaitResult): void;
  onPosition?(position: number): void;
}

/** How waiting ended, if neither time nor the caller ended it. */
export type WaitResult =
  | Promotion
  /**
   * The place is gone and nothing was granted: its lease ended, or it was cancelled elsewhere.
   * `lease`: the one it hung on, where a repeat moved it.
   */
  | { readonly kind: "gone"; readonly lease?: bigint };

/** How long a router lets the one that owns the head go first, in ms. */
const strangerDelayMs = { min: 15, max: 60 };
/** A promotion whose answer did not come is tried again after this. */
const retryDelayMs = 200;
/** How many of the front are told of each step they move. */
const frontTold = 8;

/** What a queue needs of the router around it. */
export interface LockQueueOptions {
  readonly site: LockSite;
  readonly surroundings: Surroundings;
  /** The lock's site under the placement of this moment. */
  readonly currentSite: () => LockSite | undefined;
  /** A promotion lost although the mirror says it should not: the epoch may have moved on. */
  readonly onDoubt: () => void;
}

/**
 * One lock's queue as this router drives it: follows it, tells its own waiters, and promotes the
 * head of a free lock, be it its own or another router's, so that a dead router blocks nobody.
 */
export class LockQueue {
  readonly #options: LockQueueOptions;
  readonly #follower: QueueFollower;
  readonly #locals = new Map<GrantId, LocalWaiter[]>();
  readonly #told = new Map<GrantId, number>();
  /** The leases of places that were moved by repeats, here or at another router. */
  readonly #moved = new Map<GrantId, bigint>();
  #promoting = false;
  #pending: Timer | undefined;
  #ended = false;

  constructor(options: LockQueueOptions) {
    this.#options = options;
    this.#follower = new QueueFollower(options.site, options.surroundings.clock, {
      onChange: () => this.#review(),
      isWanted: (grantId) => this.#locals.has(grantId),
      onMoved: (grantId, lease) => this.#moved.set(grantId, lease),
      onHolder: (grantId, promotion) =>
        this.#settle(grantId, promotion, tokenRevision(promotion.token)),
      onSnapshot: (revision) => this.#settleGone(revision),
    });
    this.#follower.start();
  }

  /** The shard that the lock was in when it was first waited for. */
  get shard(): string {
    return this.#options.site.shard.name;
  }

  /** Waiters of this router. */
  get localCount(): number {
    return this.#locals.size;
  }

  /** The queue's length, once it is known. */
  get length(): number | undefined {
    return this.#follower.isCurrent ? this.#follower.mirror.length : undefined;
  }

  /** The place of a waiter, 1 being the head, if the queue is known and it is seen there. */
  positionOf(grantId: GrantId): number | undefined {
    return this.#follower.isCurrent ? this.#follower.mirror.positionOf(grantId) : undefined;
  }

  /** The queue's length without a place that was left and may not have been seen to go. */
  lengthWithout(grantId: GrantId): number | undefined {
    const { mirror } = this.#follower;
    return this.length === undefined ? undefined : this.length - (mirror.has(grantId) ? 1 : 0);
  }

  /** Up to `count` of those in the way, if the queue is known. */
  holders(count: number): KeyValue[] | undefined {
    return this.#follower.isCurrent ? this.#follower.mirror.holders(count) : undefined;
  }

  /** The queue is known, and a newcomer would have to wait. */
  isBusyFor(mode: Mode): boolean {
    const { mirror, isCurrent } = this.#follower;
    return isCurrent && (mirror.length > 0 || !mirror.isFree(mode));
  }

  /** Joins a caller whose place in line exists; repeats of one request stand there together. */
  add(waiter: LocalWaiter): void {
    invariant(!this.#ended, "a queue that ended takes nobody in");
    const together = this.#locals.get(waiter.grantId);
    if (together === undefined) this.#locals.set(waiter.grantId, [waiter]);
    else together.push(waiter);
    this.#follower.check(waiter.grantId, waiter.placedAt);
  }

  /** A caller went away; true if no repeat of the same request waits here any more. */
  remove(waiter: LocalWaiter): boolean {
    const together = this.#locals.get(waiter.grantId)?.filter((other) => other !== waiter);
    if (together !== undefined && together.length > 0) {
      this.#locals.set(waiter.grantId, together);
      return false;
    }
    this.#forget(waiter.grantId);
    return true;
  }

  /** The request was cancelled through this router: tell its callers now. */
  dismiss(grantId: GrantId): void {
    this.#settle(grantId, this.#gone(grantId));
  }

  /** Resolves when the mirror has been read, or could not be. */
  whenCurrent(): Promise<void> {
    return this.#follower.whenRead();
  }

  /**
   * The hand-over that belongs into a release, if the head is known and may follow the releaser.
   */
  handOver(
    releaser: { readonly grantId: GrantId; readonly mode: Mode },
    epoch: number,
  ): HandOver | undefined {
    const { mirror, isCurrent } = this.#follower;
    const { site, surroundings } = this.#options;
    // Below a hierarchical lock others may hold: only the watch sees them all.
    if (!isCurrent || (site.hierarchical && releaser.mode === "shared")) return undefined;
    // A releaser that was a waiter a moment ago may still stand in the mirror. A hand-over to
    // itself would put the key that the release deletes, and the store would refuse the whole
    // batch.
    const run = mirror.headRun(releaser.grantId);
    if (run.length === 0) return undefined;
    if (releaser.mode === "shared" && (mirror.holderCount > 1 || run[0]?.mode === "shared")) {
      return undefined;
    }
    const label = { epoch, atMs: surroundings.clock.wallMs() };
    const txn = handOverTxn(site.keys, releaser, run, label);
    return {
      txn,
      onCommitted: (result, revision) => this.#onPromoted(run, result, epoch, revision),
    };
  }

  end(): void {
    this.#ended = true;
    this.#pending?.cancel();
    this.#follower.stop();
  }

  #review(): void {
    if (this.#ended) return;
    this.#tellPositions();
    if (this.#promoting || this.#pending !== undefined) return;
    const run = this.#promotable();
    const head = run?.[0];
    if (head === undefined) return;
    if (this.#locals.has(head.grantId)) {
      void this.#promote();
      return;
    }
    const { min, max } = strangerDelayMs;
    this.#later(min + this.#options.surroundings.random.next() * (max - min), head.grantId);
  }

  /** Tries again later, if the same head still stands there then. */
  #later(delayMs: number, head: GrantId): void {
    this.#pending = this.#options.surroundings.clock.schedule(delayMs, () => {
      this.#pending = undefined;
      if (this.#ended) return;
      if (this.#promotable()?.[0]?.grantId === head) void this.#promote();
      else this.#review();
    });
  }

  #promotable(): Waiter[] | undefined {
    const { mirror, isCurrent } = this.#follower;
    if (!isCurrent) return undefined;
    const run = mirror.headRun();
    const head = run[0];
    return head !== undefined && mirror.isFree(head.mode) ? run : undefined;
  }

  async #promote(): Promise<void> {
    const run = this.#promotable();
    const site = this.#options.currentSite();
    const head = run?.[0];
    if (run === undefined || head === undefined) return;
    if (site === undefined) {
      // The shard is in doubt for the moment; nothing in the mirror would wake this queue again.
      this.#later(retryDelayMs, head.grantId);
      return;
    }
    this.#promoting = true;
    const label = { epoch: site.epoch, atMs: this.#options.surroundings.clock.wallMs() };
    const txn = promoteTxn(site.keys, site.footprint, run, label);
    const reply = await site.shard.committer.submit(txn, site.conflictKey);
    this.#promoting = false;
    if (
      reply.kind === "committed" &&
      this.#onPromoted(run, reply.result, site.epoch, reply.revision)
    ) {
      return;
    }
    if (this.#ended) return;
    // Lost to another router, or the mirror is behind, or the answer was: the watch will tell; if
    // it does not, look again.
    if (reply.kind === "committed") this.#options.onDoubt();
    if (this.#pending === undefined) this.#later(retryDelayMs, head.grantId);
  }

  /** Tells promoted callers at once; the mirror learns of it from the watch alone. */
  #onPromoted(run: readonly Waiter[], result: TxnResult, epoch: number, revision: bigint): boolean {
    const promoted = promotedOf(run, result);
    for (const { grantId, mode, lease } of promoted) {
      const token = makeToken(epoch, revision);
      this.#settle(grantId, { kind: "granted", token, lease, mode }, revision);
    }
    return promoted.length > 0;
  }

  /**
   * Tells the callers whose place was made by revision `upTo`, or all. Word of a grant may come
   * after it has ended with its lease: a caller that stands in line anew would believe in the old
   * one.
   */
  #settle(grantId: GrantId, result: WaitResult, upTo?: bigint): void {
    const together = this.#locals.get(grantId) ?? [];
    const isMeant = ({ placedAt }: LocalWaiter) => upTo === undefined || placedAt <= upTo;
    const others = together.filter((waiter) => !isMeant(waiter));
    this.#forget(grantId);
    if (others.length > 0) this.#locals.set(grantId, others);
    for (const waiter of together) if (isMeant(waiter)) waiter.settle(result);
  }

  /** Whoever stood in line by `revision` and is neither there nor a holder has lost the place. */
  #settleGone(revision: bigint): void {
    for (const grantId of [...this.#locals.keys()]) {
      if (this.#follower.mirror.has(grantId)) continue;
      this.#settle(grantId, this.#gone(grantId), revision);
    }
  }

  #gone(grantId: GrantId): WaitResult {
    const lease = this.#moved.get(grantId);
    return { kind: "gone", ...(lease === undefined ? {} : { lease }) };
  }

  #forget(grantId: GrantId): void {
    this.#locals.delete(grantId);
    this.#told.delete(grantId);
    this.#moved.delete(grantId);
  }

  #tellPositions(): void {
    if (!this.#follower.isCurrent) return;
    for (const [index, grantId] of this.#follower.mirror.front(frontTold).entries()) {
      const together = this.#locals.get(grantId);
      if (together === undefined || this.#told.get(grantId) === index + 1) continue;
      this.#told.set(grantId, index + 1);
      for (const waiter of together) waiter.onPosition?.(index + 1);
    }
  }
}

/** A hand-over to put into a release, and whom to tell when it was committed. */
export interface HandOver {
  readonly txn: Txn;
  onCommitted(result: TxnResult, revision: bigint): void;
}
