import { type Failure, failure } from "@holdfast/base/failure";
import { readWithdraw, type WithdrawPlan, withdrawTxn } from "@holdfast/core/lock/withdraw";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { isSite, type LocalContext, locate, mayTry } from "./local-context.ts";
import type { Request } from "./request.ts";
import { storeFailure } from "./shard.ts";
import { tombstoneLease } from "./tombstones.ts";

/** `holds`: the request has the lock, and keeps it. */
export type WithdrawOutcome =
  | { readonly kind: "withdrawn" }
  | { readonly kind: "holds"; readonly kv: KeyValue }
  /** Another router carries a copy of the request and keeps its place in line. */
  | { readonly kind: "carried-on" }
  | Failure;

/** Gives up requests on the router's own account: when a wait runs out or a caller is gone. */
export class LocalWithdraw {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /**
   * Out of the queue, unless another router carries a copy of the request on; a grant stays, for a
   * copy may have been answered with it. Nothing is tried again once `deadlineMs` has passed, on
   * the monotonic clock.
   */
  place(request: Request, deadlineMs?: number): Promise<WithdrawOutcome> {
    return this.#withdraw(request, false, deadlineMs);
  }

  /**
   * Out of the queue, and out of the lock if nobody claimed the grant: a repeat that finds it
   * writes it once (see {@link LocalAcquire}), so one that was never rewritten was never told to
   * anybody but the caller that is gone.
   */
  placeOrUnclaimedGrant(request: Request): Promise<WithdrawOutcome> {
    return this.#withdraw(request, true);
  }

  async #withdraw(
    request: Request,
    unclaimedToo: boolean,
    deadlineMs?: number,
  ): Promise<WithdrawOutcome> {
    const { placements } = this.#context;
    let unclaimed: WithdrawPlan["unclaimed"];
    for (let attempt = 0; mayTry(this.#context, attempt, deadlineMs); attempt++) {
      const site = locate(this.#context, request.lock);
      if (!isSite(site)) return site;
      const tombstone = await tombstoneLease(this.#context, site, request, deadlineMs);
      if (tombstone !== undefined && "code" in tombstone) return tombstone;
      const plan: WithdrawPlan = {
        keys: site.keys,
        grantId: request.grantId,
        epoch: site.epoch,
        ...(tombstone === undefined ? {} : { tombstone }),
        ...(unclaimed === undefined ? {} : { unclaimed }),
      };
      // Any number of requests leave one queue in one batch: thousands may be given up at once.
      // With what grants the lock none shares a batch, or a place could be promoted and taken away.
      const reply = await site.shard.committer.submit(withdrawTxn(plan), site.conflictKey, {
        shares: "withdraw",
      });
      if (reply.kind !== "committed") return storeFailure(site.shard, reply);
      const reading = readWithdraw(plan, reply.result);
      unclaimed = undefined;
      switch (reading.kind) {
        case "withdrawn":
          if (reading.refused) return this.#done(request, site.shard.name);
          // The lease for the tombstone ended in that moment: take the one the session has now.
          if (request.session !== undefined) this.#context.sessions.forget(request.session);
          break;
        case "holds":
          if (!unclaimedToo || isClaimed(reading.kv)) return reading;
          unclaimed = reading.kv;
          break;
        case "waits": {
          const { kv } = reading;
          if (isClaimed(kv) && kv.modRevision !== request.claimedAt) return { kind: "carried-on" };
          unclaimed = kv;
          break;
        }
        case "epoch": {
          const { shardEpoch } = reading;
          const trouble = await placements.reconcile(site.shard, shardEpoch, deadlineMs);
          if (trouble !== undefined) return trouble;
          break;
        }
        case "changed":
          break;
      }
    }
    return failure("CONTENDED", "The request changed while it was being withdrawn.", {
      retryAfterMs: 100,
    });
  }

  #done({ session, grantId }: Request, shard: string): WithdrawOutcome {
    if (session !== undefined) this.#context.sessions.discount(session, shard, grantId);
    return { kind: "withdrawn" };
  }
}

/** Written after it was made: a repeat was told of it or took it over, or it was renewed. */
export function isClaimed(kv: KeyValue): boolean {
  return kv.modRevision !== kv.createRevision;
}
