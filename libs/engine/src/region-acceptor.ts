import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { type GrantId, maskSession, type SessionId } from "@holdfast/base/ids";
import type { Marker } from "@holdfast/core/lease/marker";
import {
  acceptTxn,
  type Leases,
  type NoVote,
  prepareTxn,
  readAccept,
  readPrepare,
  readShown,
  readTxn,
} from "@holdfast/core/quorum/acceptor";
import type {
  AcceptDone,
  AcceptReply,
  AcceptRequest,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";
import { registerKeys } from "@holdfast/core/quorum/register-keys";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import { byDeadline } from "./deadline.ts";
import { isSite, type LocalContext, locate, mayTry, placementChanged } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import type { GlobalLockId, MetSession, RegionLease, VotingRegion } from "./ports/voting-region.ts";
import type { SessionLeaseState } from "./session-leases.ts";
import { printShard, type Shard, storeFailure, unreached } from "./shard.ts";

/**
 * The vote of this region for each global lock, kept in the shard on which the lock's slot lies
 * there, and given through that shard's committer, so that votes share batches with local locks.
 *
 * A failure is no vote, whatever became of the transaction: a promise or an accept that nobody
 * hears of only makes the region stricter.
 */
export class RegionAcceptor implements VotingRegion {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  get region(): string {
    return this.#context.region;
  }

  prepare(
    lock: GlobalLockId,
    request: PrepareRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<PrepareReply | Failure> {
    return this.#within(withinMs, (deadlineMs) =>
      this.#vote(lock, deadlineMs, async (site) => {
        const vote = voteSite(site);
        const result = await this.#commit(site, prepareTxn(vote, request), traceparent);
        return "succeeded" in result ? readPrepare(vote, request, result) : result;
      }),
    );
  }

  accept(
    lock: GlobalLockId,
    request: AcceptRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<AcceptReply | Failure> {
    return this.#within(withinMs, (deadlineMs) =>
      this.#vote(lock, deadlineMs, async (site) => {
        const vote = voteSite(site);
        const leases = await this.#leasesOf(request.attach, site);
        const result = await this.#commit(site, acceptTxn(vote, request, leases), traceparent);
        if (!("succeeded" in result)) return result;
        const reply = readAccept(vote, request, leases, result);
        if (reply.kind === "accepted") this.#unlearn(request, leases, reply);
        return reply;
      }),
    );
  }

  read(
    lock: GlobalLockId,
    generation: number,
    withinMs: number,
  ): Promise<Shown | OtherGeneration | Failure> {
    return this.#within(withinMs, (deadlineMs) =>
      this.#vote(lock, deadlineMs, async (site) => {
        const vote = voteSite(site);
        const reply = await site.shard.store.commit(readTxn(vote, generation));
        if (reply.kind === "committed") return readShown(vote, reply.result);
        return unreached(site.shard, reply);
      }),
    );
  }

  meet(lock: GlobalLockId, met: MetSession, withinMs: number): Promise<RegionLease | Failure> {
    return this.#within(withinMs, async () => {
      const site = this.#siteOf(lock);
      if (!isSite(site)) return site;
      const { sessions } = this.#context;
      const lease = await sessions.settleIn(met.session, met.ttlMs, site.shard);
      if (isFailure(lease)) return lease;
      // What other routers kept alive is not known here; a lease that seems old is asked about.
      const known = await this.#refreshed(met.session, lease, site.shard);
      if (known !== undefined) return known;
      const anew = await sessions.settleIn(met.session, met.ttlMs, site.shard);
      return isFailure(anew) ? anew : this.#print(anew, site.shard);
    });
  }

  keepAlive(
    lock: GlobalLockId,
    session: SessionId,
    withinMs: number,
  ): Promise<RegionLease | Failure> {
    return this.#within(withinMs, async () => {
      const site = this.#siteOf(lock);
      if (!isSite(site)) return site;
      const { sessions, sessionLeases } = this.#context;
      const lease = await sessions.leaseIn(session, site.shard);
      if (isFailure(lease)) return lease;
      const validForMs = await sessionLeases.keepAlive(lease, site.shard);
      if (validForMs === undefined) {
        return unreached(site.shard, { kind: "unknown", message: "a keepalive was not answered" });
      }
      if (validForMs > 0) return this.#print(lease, site.shard);
      sessions.forget(session);
      const shard = printShard(site.shard);
      return failure(
        "SESSION_EXPIRED",
        `The lease of session ${maskSession(session)} in shard ${shard} has ended.`,
        { shard },
      );
    });
  }

  /** The answer, or a failure once `withinMs` have passed; what was begun goes on unheard. */
  async #within<T extends { readonly kind: string }>(
    withinMs: number,
    ask: (deadlineMs: number) => Promise<T | Failure>,
  ): Promise<T | Failure> {
    const { clock } = this.#context.surroundings;
    const deadlineMs = clock.monotonicMs() + withinMs;
    const answer = await byDeadline(clock, deadlineMs, ask(deadlineMs));
    return answer.kind === "unavailable"
      ? failure("SHARD_UNAVAILABLE", `Region ${this.region} did not answer in time.`)
      : (answer as T | Failure);
  }

  #siteOf({ namespace, name }: GlobalLockId): LockSite | Failure {
    return locate(this.#context, { region: this.region, namespace, name });
  }

  /** Undefined where the lease has ended, and the session was forgotten. */
  async #refreshed(
    session: SessionId,
    lease: SessionLeaseState,
    shard: Shard,
  ): Promise<RegionLease | undefined> {
    const { sessions, sessionLeases } = this.#context;
    if (sessionLeases.validForMs(lease) < lease.ttlMs / 2) {
      const lives = await sessionLeases.look(lease, shard);
      if (lives === false) {
        sessions.forget(session);
        return undefined;
      }
    }
    return this.#print(lease, shard);
  }

  #print(lease: SessionLeaseState, shard: Shard): RegionLease {
    const validForMs = this.#context.sessionLeases.validForMs(lease);
    const { region } = this;
    return {
      kind: "region-lease",
      region,
      shard: shard.name,
      lease: lease.marker.lease,
      validForMs,
    };
  }

  async #vote<R extends { readonly kind: string }>(
    lock: GlobalLockId,
    deadlineMs: number,
    ask: (site: LockSite) => Promise<R | NoVote | Failure>,
  ): Promise<R | Failure> {
    const { placements } = this.#context;
    for (let attempt = 0; mayTry(this.#context, attempt, deadlineMs); attempt++) {
      const site = this.#siteOf(lock);
      if (!isSite(site)) return site;
      const reply = await ask(site);
      if (isDamaged(reply)) return unreadable(site, reply.key);
      if (!isOtherEpoch(reply)) return reply;
      const trouble = await placements.reconcile(site.shard, reply.shardEpoch, deadlineMs);
      if (trouble !== undefined) return trouble;
    }
    return placementChanged();
  }

  async #commit(
    site: LockSite,
    txn: Txn,
    traceparent: string | undefined,
  ): Promise<TxnResult | Failure> {
    const { namespace, name } = site.lock;
    const conflictKey = `g\0${namespace}\0${name}`;
    const reply = await site.shard.committer.submit(txn, conflictKey, { traceparent });
    return reply.kind === "committed" ? reply.result : storeFailure(site.shard, reply);
  }

  /** A lease that took no liveness has ended: what is remembered of its session is wrong. */
  #unlearn({ attach }: AcceptRequest, leases: Leases, { attached }: AcceptDone): void {
    for (const { grantId, session } of attach) {
      const took = attached.some((each) => each.grantId === grantId);
      if (!took && leases.has(grantId)) this.#context.sessions.forget(session);
    }
  }

  /** A session that has ended here, or cannot be asked about, has none: the grant goes without. */
  async #leasesOf(holders: readonly GlobalHolder[], site: LockSite): Promise<Leases> {
    const leases = new Map<GrantId, Marker>();
    await Promise.all(
      holders.map(async ({ grantId, session }) => {
        const lease = await this.#context.sessions.leaseIn(session, site.shard);
        if (!isFailure(lease)) leases.set(grantId, lease.marker);
      }),
    );
    return leases;
  }
}

function voteSite({ slot, lock, epoch }: LockSite) {
  return { keys: registerKeys(slot, lock.namespace, lock.name), epoch };
}

function isDamaged(reply: {
  readonly kind: string;
}): reply is Extract<NoVote, { kind: "damaged" }> {
  return reply.kind === "damaged";
}

function isOtherEpoch(reply: {
  readonly kind: string;
}): reply is Extract<NoVote, { kind: "epoch" }> {
  return reply.kind === "epoch";
}

/** Never guess at a holder: the bytes stay as they are, for somebody to look at. */
function unreadable(site: LockSite, key: string): Failure {
  const shard = printShard(site.shard);
  return failure(
    "SHARD_UNAVAILABLE",
    `Shard ${shard} keeps bytes under ${JSON.stringify(key)} that this version cannot read: they ` +
      "are of a newer version, or damaged. They are left as they are.",
    { shard },
  );
}
