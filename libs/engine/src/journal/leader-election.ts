import { utf8 } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import type { LeaseId } from "@holdfast/base/ids";
import { journalLeaderKey } from "@holdfast/core/lock/keys";
import { absent, type Compare, createdAt } from "@holdfast/core/txn/txn";
import type { ShardStore } from "../ports/shard-store.ts";
import type { NoticeListener } from "./journal-notice.ts";

/** How long a leader may be silent before another one takes over, in seconds. */
const leaseTtlS = 6;
const keepAliveEveryMs = 2_000;
/** How often one that waits looks by itself, should the watch have missed it, in milliseconds. */
const lookEveryMs = 5_000;
/** The pause after a shard that does not answer, in milliseconds. */
const retryMs = 500;

/**
 * That this process reads a shard's history, until it is lost. The lease decides who tries; what is
 * written is decided by {@link Leadership.holds} in the very transaction.
 */
export interface Leadership {
  /** Holds in the shard for as long as no other leader was elected. */
  readonly holds: Compare;
  /** Cancelled when it is known to be lost. */
  readonly lost: Cancellation;
  /** Lets another one lead at once. */
  resign(): Promise<void>;
}

/** Elects one of the journals that try as the leader of a shard. */
export class LeaderElection {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  /** Who tries, for operators. */
  readonly #name: string;
  readonly #onNotice: NoticeListener;

  constructor(store: ShardStore, clock: Clock, name: string, onNotice: NoticeListener) {
    this.#store = store;
    this.#clock = clock;
    this.#name = name;
    this.#onNotice = onNotice;
  }

  /** Tries until it is elected; undefined: it was cancelled before. */
  async campaign(cancellation: Cancellation): Promise<Leadership | undefined> {
    while (!cancellation.cancelled) {
      const present = await this.#store.range({ kind: "range", key: journalLeaderKey });
      if (present.kind !== "read") {
        this.#complain(present.message);
        await sleep(this.#clock, retryMs, cancellation);
      } else if (present.range.count > 0) await this.#untilGone(present.revision, cancellation);
      else {
        const elected = await this.#stand();
        if (elected !== undefined && cancellation.cancelled) await elected.resign();
        else if (elected !== undefined) return elected;
        else await sleep(this.#clock, retryMs, cancellation);
      }
    }
    return undefined;
  }

  async #stand(): Promise<Leadership | undefined> {
    const granted = await this.#store.grantLease(leaseTtlS);
    if (granted.kind !== "granted") {
      this.#complain(granted.message);
      return undefined;
    }
    const { lease } = granted;
    const value = utf8(this.#name);
    const reply = await this.#store.commit({
      compares: [absent(journalLeaderKey)],
      success: [{ kind: "put", key: journalLeaderKey, value, lease }],
      failure: [],
    });
    if (reply.kind === "committed" && reply.result.succeeded) {
      return this.#lead(lease, reply.revision);
    }
    // Also where the answer was lost: nobody must be kept waiting by a leader that knows nothing.
    await this.#store.revokeLease(lease);
    return undefined;
  }

  #complain(message: string): void {
    this.#onNotice({ level: "warn", action: "election-failed", message, repeats: true });
  }

  #lead(lease: LeaseId, revision: bigint): Leadership {
    const lost = new Cancellation();
    void this.#keepAlive(lease, lost);
    return {
      holds: createdAt(journalLeaderKey, revision),
      lost,
      resign: async () => {
        lost.cancel();
        await this.#store.revokeLease(lease);
      },
    };
  }

  async #keepAlive(lease: LeaseId, lost: Cancellation): Promise<void> {
    while ((await sleep(this.#clock, keepAliveEveryMs, lost)) === "elapsed") {
      const reply = await this.#store.keepAlive(lease);
      // One that was not answered says nothing: the lease may live, and nobody else leads yet.
      if (reply.kind === "kept" && reply.ttlS === 0) lost.cancel();
    }
  }

  async #untilGone(since: bigint, cancellation: Cancellation): Promise<void> {
    const gone = new Cancellation();
    const forget = cancellation.onCancel(() => gone.cancel());
    const request = { key: journalLeaderKey, startRevision: since + 1n };
    const watch = this.#store.watch(request, {
      onEvents: () => gone.cancel(),
      onEnd: () => gone.cancel(),
    });
    await sleep(this.#clock, lookEveryMs, gone);
    watch.cancel();
    forget();
  }
}
