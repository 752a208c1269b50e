import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type { AcquireOutcome } from "@holdfast/core/command/outcome";
import { validityMs } from "@holdfast/core/lease/validity";
import { holdersShownMax } from "@holdfast/core/lock/acquire";
import type { Busy } from "@holdfast/core/lock/acquire-reading";
import { decodeRecord, tokenOf } from "@holdfast/core/lock/record";
import { renewTxn } from "@holdfast/core/lock/renew";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { Abandoned } from "./abandoned.ts";
import type { AcquireAttempt } from "./acquire-attempt.ts";
import { type LocalContext, leaseFor } from "./local-context.ts";
import type { LocalWithdraw } from "./local-withdraw.ts";
import type { LocalWaiter, WaitResult } from "./lock-queue.ts";
import type { LockSite } from "./lock-site.ts";
import { type Request, requestOf } from "./request.ts";
import type { SessionLeaseState } from "./session-leases.ts";
import { printShard, unreached } from "./shard.ts";
import { tenantOf } from "./tenant.ts";

type WaitEnd =
  | WaitResult
  /** `holders`: those in the way at the end. */
  | { readonly kind: "timeout"; readonly holders: readonly KeyValue[] }
  | { readonly kind: "caller-lost" };

/** How a wait stood when it ended. */
interface Stood {
  readonly attempt: AcquireAttempt;
  readonly queueLength: number;
  /** The revision at which this repeat wrote the place it found once more. */
  readonly claimedAt: bigint | undefined;
  /** No repeat of the same request waits at this router any more. */
  readonly last: boolean;
}

/** Carries a request that has a place in line to the end of its wait. */
export class LocalWait {
  readonly #context: LocalContext;
  readonly #withdraw: LocalWithdraw;
  readonly #abandoned: Abandoned;

  constructor(context: LocalContext, withdraw: LocalWithdraw, abandoned: Abandoned) {
    this.#context = context;
    this.#withdraw = withdraw;
    this.#abandoned = abandoned;
  }

  /**
   * Thousands may stand in one line, so what one waiter keeps alive is kept small: no suspended
   * function, one closure for every way its wait can end.
   */
  wait(attempt: AcquireAttempt, busy: Busy, queueLength: number): Promise<AcquireOutcome> {
    const place = busy.place?.kv;
    if (place === undefined) return this.#stand(attempt, busy, queueLength, undefined);
    return this.#claim(attempt, place).then((claimedAt) =>
      this.#stand(attempt, busy, queueLength, claimedAt),
    );
  }

  /** Stands in line until granted, gone, out of time or out of a caller. */
  #stand(
    attempt: AcquireAttempt,
    busy: Busy,
    queueLength: number,
    claimedAt: bigint | undefined,
  ): Promise<AcquireOutcome> {
    const { call, grantId, site, command } = attempt;
    const { clock } = this.#context.surroundings;
    const queue = this.#context.queues.follow(site);
    const place = busy.place?.kv;
    // A new place is the last one; where a repeat stands only the mirror can say.
    const before = queue.lengthWithout(grantId) ?? queueLength - 1;
    const position = place === undefined ? before + 1 : queue.positionOf(grantId);
    if (position !== undefined) call.onPosition?.(position);
    return new Promise((resolve) => {
      let ended = false;
      const end = (how: WaitEnd): void => {
        if (ended) return;
        ended = true;
        timer.cancel();
        forget();
        const last = queue.remove(waiter);
        this.#context.queues.release(site);
        resolve(this.#answer({ attempt, queueLength, claimedAt, last }, how));
      };
      const waiter: LocalWaiter = {
        grantId,
        placedAt: place?.createRevision ?? busy.revision,
        settle: end,
        ...(call.onPosition === undefined ? {} : { onPosition: call.onPosition }),
      };
      const leftMs = (call.deadlineMs ?? Number.POSITIVE_INFINITY) - clock.monotonicMs();
      const timer = clock.schedule(Math.max(0, Math.min(command.waitMs, leftMs)), () =>
        end({ kind: "timeout", holders: queue.holders(holdersShownMax) ?? busy.holders }),
      );
      let forget = () => {};
      queue.add(waiter);
      forget = call.cancellation.onCancel(() => end({ kind: "caller-lost" }));
      if (ended) forget();
    });
  }

  #answer(stood: Stood, how: WaitEnd): AcquireOutcome | Promise<AcquireOutcome> {
    const { attempt, queueLength, claimedAt, last } = stood;
    const request = { ...requestOf(attempt), ...(claimedAt === undefined ? {} : { claimedAt }) };
    switch (how.kind) {
      case "granted": {
        const renewed = attempt.command.session === undefined && claimedAt !== undefined;
        return this.#granted(attempt, how, renewed);
      }
      case "gone":
        return this.#gone(attempt, how.lease);
      case "timeout":
        if (!last) return { kind: "cancelled" };
        return this.#timedOut(attempt, request, how.holders, queueLength);
      case "caller-lost":
        if (attempt.call.onCallerLost === "cancel" && last) {
          const withdraw = (what: Request) => this.#withdraw.place(what);
          this.#abandoned.add(request, withdraw, attempt.record.ttlMs);
        }
        return { kind: "cancelled" };
    }
  }

  /**
   * A repeat writes the place it finds once more, and answers at which revision: from then on the
   * router of the copy before it leaves the place alone. Without a session the place goes on under
   * a newer pooled lease [H6], chosen after the place was read, so that it is newer than the one
   * the place hangs on [H5].
   */
  async #claim(attempt: AcquireAttempt, place: KeyValue): Promise<bigint | undefined> {
    const { site, command, call } = attempt;
    const lease = await leaseFor(this.#context, site.shard, command, call.deadlineMs);
    if (lease.kind === "failure") return undefined;
    const plan = { kv: place, value: place.value, marker: lease.marker, epoch: site.epoch };
    // Thousands may come anew from a router that is gone, and neither grant nor take anything.
    const options = { shares: "claim" };
    const reply = await site.shard.committer.submit(renewTxn(plan), site.conflictKey, options);
    return reply.kind === "committed" && reply.result.succeeded ? reply.revision : undefined;
  }

  async #granted(
    attempt: AcquireAttempt,
    end: Extract<WaitResult, { kind: "granted" }>,
    renewed: boolean,
  ): Promise<AcquireOutcome> {
    const { site, grantId, command, record } = attempt;
    const { region, name } = site.shard;
    let validForMs = validityMs(record.ttlMs);
    if (command.session !== undefined) {
      const lease = await this.#leaseUnder(attempt, command.session, end.lease);
      if (lease === undefined) return this.#gone(attempt);
      if (isFailure(lease)) return leaseUnread(site, lease);
      validForMs = this.#context.sessionLeases.validForMs(lease);
    }
    return {
      kind: "granted",
      grant: {
        lock: site.lock,
        grantId,
        mode: end.mode,
        token: end.token,
        validForMs,
        validFrom: renewed ? "this-send" : "first-send",
        lease: { region, shard: name, leaseId: end.lease as LeaseId },
        regions: [region],
      },
    };
  }

  /** The session's lease, if it is `lease`; undefined where that one has ended. */
  async #leaseUnder(
    { site, call }: AcquireAttempt,
    session: SessionId,
    lease: bigint,
  ): Promise<SessionLeaseState | undefined | Failure> {
    for (const fromShards of [false, true]) {
      // A copy of the request may have come under a newer lease through another router.
      if (fromShards) this.#context.sessions.forget(session);
      const now = await this.#context.sessions.leaseIn(session, site.shard, call.deadlineMs);
      if (isFailure(now)) return now.code === "SESSION_EXPIRED" ? undefined : now;
      if (now.marker.lease === lease) return now;
    }
    return undefined;
  }

  /**
   * The place ended: with its lease, or because the request was cancelled. `movedTo`: the lease it
   * hung on, where that is not the one it was made under.
   */
  async #gone(attempt: AcquireAttempt, movedTo?: bigint): Promise<AcquireOutcome> {
    const { command, site, grantId, call } = attempt;
    const lease = (movedTo ?? attempt.lease.marker.lease) as LeaseId;
    const shard = printShard(site.shard);
    if (command.session === undefined) {
      const state = await site.shard.store.leaseKeys(lease);
      // A shard that does not answer has not said that the lease ended.
      if (state.kind !== "lease") return unreached(site.shard, state);
      if (state.remainingS >= 0) return { kind: "cancelled" };
      return failure(
        "LOST",
        `The place in line in shard ${shard} ended with its ttl of ${command.ttlMs} ms. A request ` +
          "without a session must be repeated every third of its ttl while it waits.",
        { shard },
      );
    }
    this.#context.sessions.discount(command.session, site.shard.name, grantId);
    this.#context.sessions.forget(command.session);
    const now = await this.#context.sessions.leaseIn(command.session, site.shard, call.deadlineMs);
    // A shard that does not answer has not said that the session ended.
    if (isFailure(now) && now.code !== "SESSION_EXPIRED") return now;
    if (!isFailure(now) && now.marker.lease === lease) return { kind: "cancelled" };
    return failure(
      "SESSION_EXPIRED",
      `The session's lease in shard ${shard} ended while the request waited there.`,
      { shard },
    );
  }

  /**
   * Out of the queue; if it was promoted in this very moment, the caller has the lock after all.
   */
  async #timedOut(
    attempt: AcquireAttempt,
    request: Request,
    holders: readonly KeyValue[],
    queueLength: number,
  ): Promise<AcquireOutcome> {
    const withdrawn = await this.#withdraw.place(request, attempt.call.deadlineMs);
    if (withdrawn.kind === "holds") return this.#heldAfterAll(attempt, withdrawn.kv);
    if (withdrawn.kind === "carried-on") return carriedOn(attempt);
    if (withdrawn.kind === "failure" && withdrawn.code !== "SESSION_EXPIRED") {
      const again = (what: Request) => this.#withdraw.place(what);
      this.#abandoned.add(request, again, attempt.record.ttlMs);
      return failure(
        "UNKNOWN_OUTCOME",
        `The wait ended, but shard ${printShard(attempt.site.shard)} did not confirm that the ` +
          "request left the queue. Repeat it with the same request id, or cancel it.",
        { shard: printShard(attempt.site.shard) },
      );
    }
    const nowMs = this.#context.surroundings.clock.wallMs();
    // Either way the caller's own place, which it has left by now, does not count.
    const others = this.#context.queues.find(attempt.site)?.lengthWithout(attempt.grantId);
    return {
      kind: "timeout",
      holders: holders.map((kv) => tenantOf(kv, nowMs)),
      queueLength: others ?? Math.max(0, queueLength - 1),
    };
  }

  #heldAfterAll(attempt: AcquireAttempt, kv: KeyValue): Promise<AcquireOutcome> {
    const record = decodeRecord(kv.value);
    if (record === undefined) return this.#gone(attempt);
    const { lease } = kv;
    const promotion = { kind: "granted", token: tokenOf(kv, record), lease } as const;
    return this.#granted(attempt, { ...promotion, mode: record.mode }, false);
  }
}

/** The client repeated the request through another router, which knows what becomes of it. */
function carriedOn({ site }: AcquireAttempt): Failure {
  return failure(
    "UNKNOWN_OUTCOME",
    "The wait ended here, but another router carries a repeat of this request on. Repeat it with the " +
      "same request id, or cancel it.",
    { shard: printShard(site.shard) },
  );
}

/** The request has the lock, and nobody can say for how long: its repeat will find it. */
function leaseUnread(site: LockSite, trouble: Failure): Failure {
  const shard = printShard(site.shard);
  return failure(
    "UNKNOWN_OUTCOME",
    `The lock was granted, but what is left of the session's lease in shard ${shard} could not be ` +
      `read (${trouble.message}) Repeat the request with the same request id.`,
    { shard },
  );
}
