import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import type { Marker } from "@holdfast/core/lease/marker";
import {
  acceptTxn,
  type Leases,
  type NoVote,
  prepareTxn,
  readAccept,
  readPrepare,
} from "@holdfast/core/quorum/acceptor";
import type {
  AcceptReply,
  AcceptRequest,
  PrepareReply,
  PrepareRequest,
} from "@holdfast/core/quorum/message";
import { registerKeys } from "@holdfast/core/quorum/register-keys";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import { isSite, type LocalContext, locate, mayTry, placementChanged } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import { printShard, storeFailure } from "./shard.ts";

/** A lock of every region. */
export interface GlobalLockId {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The vote of one region for each global lock, kept in the shard on which the lock's slot lies
 * there, and given through that shard's committer, so that votes share batches with local locks.
 *
 * A failure is no vote, whatever became of the transaction: a promise or an accept that nobody
 * hears of only makes the region stricter.
 */
export class RegionAcceptor {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /** Promises the ballot, unless a higher one was promised. */
  prepare(lock: GlobalLockId, request: PrepareRequest): Promise<PrepareReply | Failure> {
    return this.#vote(lock, async (site) => {
      const vote = voteSite(site);
      const result = await this.#commit(site, prepareTxn(vote, request));
      return "succeeded" in result ? readPrepare(vote, request, result) : result;
    });
  }

  /** Accepts the value, unless a higher ballot was promised. */
  accept(lock: GlobalLockId, request: AcceptRequest): Promise<AcceptReply | Failure> {
    return this.#vote(lock, async (site) => {
      const vote = voteSite(site);
      const leases = await this.#leasesOf(request.attach, site);
      const result = await this.#commit(site, acceptTxn(vote, request, leases));
      return "succeeded" in result ? readAccept(vote, request, leases, result) : result;
    });
  }

  async #vote<R extends { readonly kind: string }>(
    { namespace, name }: GlobalLockId,
    ask: (site: LockSite) => Promise<R | NoVote | Failure>,
  ): Promise<R | Failure> {
    const { placements, region } = this.#context;
    for (let attempt = 0; mayTry(this.#context, attempt, undefined); attempt++) {
      const site = locate(this.#context, { region, namespace, name });
      if (!isSite(site)) return site;
      const reply = await ask(site);
      if (isDamaged(reply)) return unreadable(site, reply.key);
      if (!isOtherEpoch(reply)) return reply;
      const trouble = await placements.reconcile(site.shard, reply.shardEpoch);
      if (trouble !== undefined) return trouble;
    }
    return placementChanged();
  }

  async #commit(site: LockSite, txn: Txn): Promise<TxnResult | Failure> {
    const { namespace, name } = site.lock;
    const conflictKey = `g\0${namespace}\0${name}`;
    const reply = await site.shard.committer.submit(txn, conflictKey);
    return reply.kind === "committed" ? reply.result : storeFailure(site.shard, reply);
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
