import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { CancelCommand, ReleaseCommand } from "@holdfast/core/command/command";
import type { CancelOutcome, ReleaseOutcome } from "@holdfast/core/command/outcome";
import { tokenEpoch, tokenRevision } from "@holdfast/core/fencing/token";
import { cancelTxn, readCancel } from "@holdfast/core/lock/cancel";
import { decodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { type ReleasePlan, readRelease, releaseTxn } from "@holdfast/core/lock/release";
import { isSite, type LocalContext, locate, mayTry, placementChanged } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import type { CommitReply } from "./ports/shard-store.ts";
import { storeFailure } from "./shard.ts";
import { tombstoneLease } from "./tombstones.ts";

/** Gives grants and places up. */
export class LocalRelease {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /**
   * Deletes the grant and hands the lock to the head of its queue, in one transaction. Nothing is
   * tried again once `deadlineMs` has passed, on the monotonic clock.
   */
  async release(command: ReleaseCommand, deadlineMs?: number): Promise<ReleaseOutcome> {
    const modes: readonly Mode[] =
      command.mode === undefined ? ["exclusive", "shared"] : [command.mode];
    const progress: Progress = { isDone: false };
    let outcome: ReleaseOutcome | undefined;
    for (const mode of modes) {
      outcome = await this.#releaseAs(command, mode, deadlineMs, progress);
      if (outcome.kind === "released" || outcome.code !== "NOT_HELD") break;
    }
    return orInDoubt(outcome ?? failure("NOT_HELD", "No such grant."), progress);
  }

  async #releaseAs(
    command: ReleaseCommand,
    mode: Mode,
    deadlineMs: number | undefined,
    progress: Progress,
  ): Promise<ReleaseOutcome> {
    const { grantId, token } = command;
    const { placements } = this.#context;
    let mayHandOver = true;
    let released: ReleaseOutcome | undefined;
    for (let attempt = 0; mayTry(this.#context, attempt, deadlineMs); attempt++) {
      const site = locate(this.#context, command.lock);
      if (!isSite(site)) return site;
      if (tokenEpoch(token) < 1) return notHeld(command);
      if (tokenEpoch(token) > site.epoch) {
        const trouble = await this.#catchUp(command, site, deadlineMs);
        if (trouble !== undefined) return trouble;
        continue;
      }
      // A copy that was made on its way is none that the client knows of.
      const mayLand = command.repeated || this.#context.unsettled.mayLand(grantId);
      const tombstone = mayLand
        ? await tombstoneLease(this.#context, site, command, deadlineMs)
        : undefined;
      if (tombstone !== undefined && "code" in tombstone) return tombstone;
      const queue = mayHandOver ? this.#context.queues.find(site) : undefined;
      const handOver = queue?.handOver({ grantId, mode }, site.epoch);
      const plan: ReleasePlan = {
        keys: site.keys,
        grantId,
        mode,
        revision: tokenRevision(token),
        epoch: site.epoch,
        ...(handOver === undefined ? {} : { handOver: handOver.txn }),
        ...(tombstone === undefined ? {} : { tombstone }),
      };
      const reply = await site.shard.committer.submit(releaseTxn(plan), site.conflictKey, {
        hopeful: handOver === undefined && tombstone === undefined,
      });
      if (handOver !== undefined && isOutOfSpace(reply)) {
        // A full store still deletes: let the lock go, its head is promoted once there is room.
        mayHandOver = false;
        continue;
      }
      if (reply.kind !== "committed") return storeFailure(site.shard, reply);
      const reading = readRelease(plan, reply.result);
      if (reading.kind === "released") {
        this.#discount(command.session, site, grantId);
        if (reading.handOverResult !== undefined) {
          handOver?.onCommitted(reading.handOverResult, reply.revision);
        }
        const handedOver = reading.handOverResult?.succeeded === true;
        released = { kind: "released", handedOver };
        progress.isDone = true;
        if (reading.refused) return released;
      }
      if (reading.kind === "not-held") {
        this.#discount(command.session, site, grantId);
        if (reading.refused) return released ?? notHeld(command);
      }
      if (reading.kind !== "epoch") {
        // The lease for the tombstone ended in that moment: take the one the session has now.
        if (command.session !== undefined) this.#context.sessions.forget(command.session);
        continue;
      }
      const trouble = await placements.reconcile(site.shard, reading.shardEpoch, deadlineMs);
      if (trouble !== undefined) return trouble;
    }
    return placementChanged();
  }

  /**
   * The token is of an epoch this router has not seen. Whether the grant is held is not for an old
   * placement to say: only the shard knows whether it ever was at that epoch.
   */
  async #catchUp(
    command: ReleaseCommand,
    { shard }: LockSite,
    deadlineMs: number | undefined,
  ): Promise<Failure | undefined> {
    const reply = await shard.store.range({ kind: "range", key: epochKey });
    if (reply.kind !== "read") return storeFailure(shard, reply);
    const shardEpoch = decodeEpoch(reply.range);
    if (tokenEpoch(command.token) > shardEpoch) return notHeld(command);
    return this.#context.placements.reconcile(shard, shardEpoch, deadlineMs);
  }

  /**
   * Ends a request whatever became of it, and refuses copies of it that are still under way.
   * Nothing is tried again once `deadlineMs` has passed, on the monotonic clock.
   */
  async cancel(command: CancelCommand, deadlineMs?: number): Promise<CancelOutcome> {
    const progress: Progress = { isDone: false };
    return orInDoubt(await this.#cancel(command, deadlineMs, progress), progress);
  }

  async #cancel(
    command: CancelCommand,
    deadlineMs: number | undefined,
    progress: Progress,
  ): Promise<CancelOutcome> {
    const { grantId } = command;
    for (let attempt = 0; mayTry(this.#context, attempt, deadlineMs); attempt++) {
      const site = locate(this.#context, command.lock);
      if (!isSite(site)) return site;
      const tombstone = await tombstoneLease(this.#context, site, command, deadlineMs);
      if (tombstone !== undefined && "code" in tombstone) return tombstone;
      const plan = {
        keys: site.keys,
        grantId,
        epoch: site.epoch,
        ...(tombstone === undefined ? {} : { tombstone }),
      };
      const reply = await site.shard.committer.submit(cancelTxn(plan), site.conflictKey);
      if (reply.kind !== "committed") return storeFailure(site.shard, reply);
      const reading = readCancel(plan, reply.result);
      if (reading.kind === "epoch") {
        const { shardEpoch } = reading;
        const { placements } = this.#context;
        const trouble = await placements.reconcile(site.shard, shardEpoch, deadlineMs);
        if (trouble !== undefined) return trouble;
        continue;
      }
      this.#discount(command.session, site, grantId);
      this.#context.queues.find(site)?.dismiss(grantId);
      if (reading.held || reading.queued) progress.isDone = true;
      if (reading.refused) return { kind: "cancelled", found: progress.isDone };
      // The lease for the tombstone ended in that moment: take the one the session has now.
      if (command.session !== undefined) this.#context.sessions.forget(command.session);
    }
    return placementChanged();
  }

  #discount(session: SessionId | undefined, site: LockSite, grantId: GrantId): void {
    if (session !== undefined) {
      this.#context.sessions.discount(session, site.shard.name, grantId);
    }
  }
}

/** What an operation has done by the time it has to give up. */
interface Progress {
  isDone: boolean;
}

/**
 * The lock is given back, and only the tombstone for late copies of its acquire is missing: a
 * failure that says nothing was done would be a lie.
 */
function orInDoubt<O extends ReleaseOutcome | CancelOutcome>(outcome: O, { isDone }: Progress): O {
  if (!isDone || outcome.kind !== "failure") return outcome;
  const message =
    `The lock was given back, but a late copy of the request may still be granted: ` +
    `${outcome.message} Repeat it.`;
  return { ...outcome, code: "UNKNOWN_OUTCOME", message };
}

function isOutOfSpace(reply: CommitReply): boolean {
  return reply.kind === "rejected" && reply.reason === "no-space";
}

function notHeld({ lock, token }: ReleaseCommand): Failure {
  return failure(
    "NOT_HELD",
    `No grant of ${lock.namespace}/${lock.name} in ${lock.region} has this grant id and the token ` +
      `${token}: it was released, it ended with its lease, or the token is another grant's.`,
  );
}
