import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome } from "@holdfast/core/command/outcome";
import { makeToken } from "@holdfast/core/fencing/token";
import { poolMarker } from "@holdfast/core/lease/marker";
import { limits } from "@holdfast/core/limits";
import { type AcquirePlan, acquireTxn, readAcquire } from "@holdfast/core/lock/acquire";
import type { AcquireReading, Busy } from "@holdfast/core/lock/acquire-reading";
import { enqueueTxn, readEnqueue } from "@holdfast/core/lock/enqueue";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { lockKey } from "@holdfast/core/lock/lock-id";
import { decodeRecord, type LockRecord, sameRequest } from "@holdfast/core/lock/record";
import { readRenew, renewTxn } from "@holdfast/core/lock/renew";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { Abandoned } from "./abandoned.ts";
import type { AcquireAttempt } from "./acquire-attempt.ts";
import {
  isSite,
  type LocalContext,
  leaseFor,
  locate,
  mayTry,
  placementChanged,
  type UsableLease,
} from "./local-context.ts";
import type { LocalWait } from "./local-wait.ts";
import { isClaimed, type LocalWithdraw } from "./local-withdraw.ts";
import type { LockSite } from "./lock-site.ts";
import type { Call } from "./ports/lock-tier.ts";
import { requestOf } from "./request.ts";
import { tooManyLocks } from "./sessions.ts";
import { printShard, storeFailure } from "./shard.ts";
import { grantOf, tenantOf } from "./tenant.ts";

/** When a try that found the lock held makes sense again. */
const heldRetryMs = 250;

/** Carries an acquire through its one transaction, and into the queue if it must wait. */
export class LocalAcquire {
  readonly #context: LocalContext;
  readonly #wait: LocalWait;
  readonly #withdraw: LocalWithdraw;
  readonly #abandoned: Abandoned;
  /** Requests of which a copy is being asked for. */
  readonly #copies = new Map<GrantId, Promise<unknown>>();
  /** Locks on which an acquire of this router is finding out whether they are free. */
  readonly #pioneers = new Map<string, Promise<Failure | undefined>>();

  constructor(
    context: LocalContext,
    wait: LocalWait,
    withdraw: LocalWithdraw,
    abandoned: Abandoned,
  ) {
    this.#context = context;
    this.#wait = wait;
    this.#withdraw = withdraw;
    this.#abandoned = abandoned;
  }

  async acquire(command: AcquireCommand, call: Call): Promise<AcquireOutcome> {
    const grantId = grantIdOf(command.session, command.requestId);
    const { unsettled } = this.#context;
    unsettled.enter(grantId);
    const outcome = await this.#acquire(command, call, grantId);
    unsettled.leave(grantId);
    if (command.session !== undefined) this.#context.sessions.unreserve(command.session, grantId);
    return outcome;
  }

  async #acquire(command: AcquireCommand, call: Call, grantId: GrantId): Promise<AcquireOutcome> {
    const { deadlineMs } = call;
    let leasesLost = 0;
    for (let attempts = 0; mayTry(this.#context, attempts, deadlineMs); attempts++) {
      const site = locate(this.#context, command.lock);
      if (!isSite(site)) return site;
      const found = leaseFor(this.#context, site.shard, command, deadlineMs);
      const lease = found instanceof Promise ? await found : found;
      if (lease.kind === "failure") return lease;
      const { session } = command;
      if (session !== undefined && !this.#context.sessions.reserve(session, grantId)) {
        await this.#context.sessions.recount(session);
        if (!this.#context.sessions.reserve(session, grantId)) return tooManyLocks;
      }
      const record = recordOf(command, lease, site, this.#context.surroundings.clock.wallMs());
      const attempt: AcquireAttempt = {
        kind: "attempt",
        command,
        call,
        grantId,
        site,
        lease,
        record,
      };
      const reading = await this.#askOnce(attempt);
      if (reading.kind === "epoch") {
        const { shardEpoch } = reading;
        const { placements } = this.#context;
        const trouble = await placements.reconcile(site.shard, shardEpoch, deadlineMs);
        if (trouble !== undefined) return trouble;
      } else if (reading.kind === "lease-ended") {
        if (++leasesLost > 2) return leaseEnded(site);
        if (command.session !== undefined) this.#context.sessions.forget(command.session);
        else site.shard.pool.forget(lease.marker.lease);
      } else if (reading.kind !== "not-free") {
        return this.#conclude(attempt, reading);
      }
    }
    return placementChanged();
  }

  /**
   * Asks the shard, one copy of a request at a time. A copy that joined the queue in the batch in
   * which the other took the lock would see none of it: both would succeed (hazard 1), and the
   * request would stand in line behind itself.
   */
  async #askOnce(attempt: AcquireAttempt): Promise<AcquireReading | Failure> {
    const { grantId, command } = attempt;
    for (;;) {
      const copy = this.#copies.get(grantId);
      if (copy === undefined) break;
      await copy;
    }
    const asking = command.waitMs === 0 ? this.#commit(attempt) : this.#inTurn(attempt);
    this.#copies.set(grantId, asking);
    const reading = await asking;
    this.#copies.delete(grantId);
    return reading;
  }

  /** The answer, unless nobody is left to take it. */
  #conclude(
    attempt: AcquireAttempt,
    reading: Exclude<AcquireReading, { kind: "epoch" | "lease-ended" | "not-free" }> | Failure,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    const answer = reading.kind === "failure" ? reading : this.#answer(attempt, reading);
    if (!(answer instanceof Promise)) return this.#deliver(attempt, answer);
    return answer.then((outcome) => this.#deliver(attempt, outcome));
  }

  #deliver(attempt: AcquireAttempt, outcome: AcquireOutcome): AcquireOutcome {
    if (isUnknown(outcome)) this.#context.unsettled.doubt(attempt.grantId);
    const { cancellation, onCallerLost } = attempt.call;
    const cares = outcome.kind === "granted" || isUnknown(outcome);
    if (cares && cancellation.cancelled && onCallerLost === "cancel") {
      this.abandon(attempt.command);
      return { kind: "cancelled" };
    }
    return outcome;
  }

  /** Nobody will release what this request may have got: see to it. */
  abandon(command: AcquireCommand): void {
    const grantId = grantIdOf(command.session, command.requestId);
    this.#abandoned.add(
      requestOf({ command, grantId }),
      (request) => this.#withdraw.placeOrUnclaimedGrant(request),
      command.ttlMs ?? limits.localTtlMs.max,
    );
  }

  /**
   * One at a time finds out whether a lock is free; the others, if they would wait, are told what
   * it found: on a lock that is known to be busy they queue up many at a time.
   */
  async #inTurn(attempt: AcquireAttempt): Promise<AcquireReading | Failure> {
    const key = lockKey(attempt.site.lock);
    for (;;) {
      const queue = this.#context.queues.find(attempt.site);
      if (queue?.isBusyFor(attempt.command.mode)) {
        // A repeat may be one of those who fill the queue: its own place does not count against it.
        return this.#enqueue(attempt, queue.lengthWithout(attempt.grantId) ?? 0);
      }
      const pioneer = this.#pioneers.get(key);
      if (pioneer === undefined) break;
      const trouble = await pioneer;
      // One after the other we would each wait as long for a shard that does not answer.
      if (trouble !== undefined) return trouble;
      // Nothing was asked for yet, and nobody wants the answer.
      if (attempt.call.cancellation.cancelled) return { kind: "given-up" };
    }
    const asking = this.#commit(attempt);
    // The next one goes on when the mirror can answer it, or when there is nothing to mirror.
    const settled = asking.then((reading) => this.#settlePioneer(attempt.site, reading));
    this.#pioneers.set(key, settled);
    void settled.finally(() => this.#pioneers.delete(key));
    return asking;
  }

  async #settlePioneer(
    site: LockSite,
    reading: AcquireReading | Failure,
  ): Promise<Failure | undefined> {
    if (reading.kind === "failure") {
      // Of the others nothing was written, whatever became of this one.
      if (reading.code === "UNKNOWN_OUTCOME") return notAsked(site);
      return reading.code === "SHARD_UNAVAILABLE" ? reading : undefined;
    }
    if (reading.kind !== "busy") return undefined;
    await this.#context.queues.follow(site).whenCurrent();
    // The request may be refused and never stand in line: then nobody else lets go of the queue.
    this.#context.queues.release(site);
    return undefined;
  }

  /** Lean first: most locks are free, and a lean request is half the size. */
  async #commit(attempt: AcquireAttempt): Promise<AcquireReading | Failure> {
    const known = this.#context.queues.find(attempt.site) !== undefined;
    if (!known) {
      const lean = await this.#submit(attempt, false);
      if (lean.kind !== "not-free") return lean;
    }
    return this.#submit(attempt, true);
  }

  async #submit(attempt: AcquireAttempt, detail: boolean): Promise<AcquireReading | Failure> {
    const { site, grantId, record, lease, command } = attempt;
    const plan: AcquirePlan = {
      keys: site.keys,
      footprint: site.footprint,
      grantId,
      marker: lease.marker,
      record,
      wait: command.waitMs > 0,
      detail,
      countQueue: this.#context.queues.find(site)?.length === undefined,
    };
    const reply = await site.shard.committer.submit(acquireTxn(plan), site.conflictKey, {
      // Most locks are free, and a lean acquire that lost has nothing to say.
      hopeful: !detail,
      traceparent: command.traceparent,
    });
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    return readAcquire(plan, reply.result, reply.revision);
  }

  async #enqueue(attempt: AcquireAttempt, inLine: number): Promise<AcquireReading | Failure> {
    const { site, grantId, record, lease, command } = attempt;
    if (inLine >= limits.waitersPerLockMax) return tooManyWaiters();
    const plan = { keys: site.keys, grantId, marker: lease.marker, record };
    // Its own key: any number may join one queue in one batch, for none of them takes the lock.
    const own = `${site.conflictKey}\0${grantId}`;
    const { traceparent } = command;
    const reply = await site.shard.committer.submit(enqueueTxn(plan), own, { traceparent });
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    return readEnqueue(plan, reply.result, reply.revision);
  }

  #answer(
    attempt: AcquireAttempt,
    reading: Exclude<AcquireReading, { kind: "epoch" | "lease-ended" | "not-free" }>,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    const { site, lease, record, grantId } = attempt;
    switch (reading.kind) {
      case "granted":
        this.#count(attempt);
        return {
          kind: "granted",
          grant: {
            lock: site.lock,
            grantId,
            mode: record.mode,
            token: makeToken(site.epoch, reading.revision),
            validForMs: lease.validForMs,
            validFrom: "first-send",
            lease: {
              region: site.shard.region,
              shard: site.shard.name,
              leaseId: lease.marker.lease,
            },
            regions: [site.shard.region],
          },
        };
      case "own-grant":
        return this.#repeated(attempt, reading.kv);
      case "given-up":
        return { kind: "cancelled" };
      case "busy":
        return this.#busy(attempt, reading);
    }
  }

  /** The request has the lock already: the same grant again, if it is the same request. */
  async #repeated(attempt: AcquireAttempt, kv: KeyValue): Promise<AcquireOutcome> {
    const stored = decodeRecord(kv.value);
    if (stored === undefined || !sameRequest(stored, attempt.record)) return otherArguments();
    const trouble = await this.#claim(attempt, kv);
    if (trouble !== undefined) return trouble;
    this.#count(attempt);
    const { site, lease } = attempt;
    return { kind: "granted", grant: grantOf(site, kv, stored, lease.validForMs) };
  }

  /**
   * Writes a grant that is about to be told to a repeat once more, as it is: from then on the
   * router of a copy whose caller is gone can see that the grant has an owner, and leaves it alone.
   */
  async #claim(attempt: AcquireAttempt, kv: KeyValue): Promise<AcquireOutcome | undefined> {
    if (isClaimed(kv)) return undefined;
    const { site, command, lease } = attempt;
    const marker = command.session === undefined ? poolMarker(kv.lease as LeaseId) : lease.marker;
    const plan = { kv, value: kv.value, marker, epoch: site.epoch };
    const reply = await site.shard.committer.submit(renewTxn(plan), site.conflictKey);
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    const reading = readRenew(plan, reply.result);
    if (reading.kind === "renewed") return undefined;
    if (reading.kind === "changed" && reading.kv?.createRevision === kv.createRevision) {
      if (reading.kv.modRevision !== kv.modRevision) return undefined;
      // Nobody has claimed it: the session has another lease than this router remembers.
      if (command.session !== undefined) this.#context.sessions.forget(command.session);
      return failure("CONTENDED", "The session's lease changed while the request was under way.", {
        retryAfterMs: 50,
      });
    }
    if (reading.kind === "changed") return { kind: "cancelled" };
    return placementChanged();
  }

  #busy(attempt: AcquireAttempt, busy: Busy): AcquireOutcome | Promise<AcquireOutcome> {
    const nowMs = this.#context.surroundings.clock.wallMs();
    const queue = this.#context.queues.find(attempt.site);
    const queueLength = busy.queueLength ?? queue?.length ?? 0;
    const stored = busy.place?.kv === undefined ? undefined : decodeRecord(busy.place.kv.value);
    if (stored !== undefined && !sameRequest(stored, attempt.record)) return otherArguments();
    if (busy.place === undefined) {
      const holders = busy.holders.map((kv) => tenantOf(kv, nowMs));
      return { kind: "held", holders, queueLength, retryAfterMs: heldRetryMs };
    }
    const isNew = busy.place.kv === undefined;
    if (isNew && queueLength > limits.waitersPerLockMax) {
      this.abandon(attempt.command);
      return tooManyWaiters();
    }
    this.#count(attempt);
    return this.#wait.wait(attempt, busy, queueLength);
  }

  #count(attempt: AcquireAttempt): void {
    if (attempt.command.session === undefined) return;
    const { session } = attempt.command;
    this.#context.sessions.count(session, attempt.site.shard.name, attempt.grantId);
    this.#context.sessions.unreserve(session, attempt.grantId);
  }
}

function recordOf(
  command: AcquireCommand,
  lease: UsableLease,
  site: LockSite,
  atMs: number,
): LockRecord {
  const { owner, mode, requestId, metadata, session, traceparent } = command;
  return {
    owner,
    ttlMs: lease.ttlMs,
    mode,
    requestId,
    metadata,
    epoch: site.epoch,
    atMs,
    ...(session === undefined ? {} : { session }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** The shard was not asked for those who waited for the answer to another's request. */
function notAsked(site: LockSite): Failure {
  const shard = printShard(site.shard);
  return failure("SHARD_UNAVAILABLE", `Shard ${shard} does not answer. Try again.`, {
    shard,
    retryAfterMs: 500,
  });
}

function leaseEnded(site: LockSite): Failure {
  const shard = printShard(site.shard);
  return failure(
    "SESSION_EXPIRED",
    `The lease of this request in shard ${shard} ends before the request can use it.`,
    { shard },
  );
}

function otherArguments(): Failure {
  return failure(
    "INVALID_ARGUMENT",
    "This request id was used before with other arguments. Use a new one for a new request.",
    { field: "request_id" },
  );
}

function tooManyWaiters(): Failure {
  return failure(
    "TOO_MANY_WAITERS",
    `${limits.waitersPerLockMax} wait for this lock already. Try again later.`,
    { retryAfterMs: 1_000 },
  );
}

function isUnknown(outcome: AcquireOutcome): boolean {
  return outcome.kind === "failure" && outcome.code === "UNKNOWN_OUTCOME";
}
