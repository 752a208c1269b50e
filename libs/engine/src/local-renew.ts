import { type Failure, failure } from "@holdfast/base/failure";
import type { LeaseId } from "@holdfast/base/ids";
import type { RenewCommand } from "@holdfast/core/command/command";
import type { RenewOutcome } from "@holdfast/core/command/outcome";
import { tokenRevision } from "@holdfast/core/fencing/token";
import { validityMs } from "@holdfast/core/lease/validity";
import { read } from "@holdfast/core/lock/enqueue";
import { decodeRecord, encodeRecord, type LockRecord, tokenOf } from "@holdfast/core/lock/record";
import { readRenew, renewTxn } from "@holdfast/core/lock/renew";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { isSite, type LocalContext, leaseFor, locate, mayTry } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import { printShard, storeFailure } from "./shard.ts";

/** Extends grants. */
export class LocalRenew {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /**
   * A grant with a ttl of its own goes on under a newer pooled lease. A grant under a session is
   * extended by the session's heartbeats; renewing it is one heartbeat for its lease.
   */
  async renew(command: RenewCommand, deadlineMs?: number): Promise<RenewOutcome> {
    for (let attempt = 0; mayTry(this.#context, attempt, deadlineMs); attempt++) {
      const site = locate(this.#context, command.lock);
      if (!isSite(site)) return site;
      const found = await this.#find(site, command);
      if (found.kind === "failure") return found;
      const { kv, record } = found;
      if (record.session !== undefined) return this.#keepAlive(site, kv, record);
      const ttlMs = command.ttlMs ?? record.ttlMs;
      // After the read: chosen before, a stalled renewal could put the key on an older lease than
      // the one a later renewal chose [H5].
      const lease = await leaseFor(this.#context, site.shard, { ttlMs }, deadlineMs);
      if (lease.kind === "failure") return lease;
      const value = ttlMs === record.ttlMs ? kv.value : encodeRecord({ ...record, ttlMs });
      const plan = { kv, value, marker: lease.marker, epoch: site.epoch };
      const reply = await site.shard.committer.submit(renewTxn(plan), site.conflictKey);
      if (reply.kind !== "committed") return storeFailure(site.shard, reply);
      const reading = readRenew(plan, reply.result);
      if (reading.kind === "renewed") return { kind: "renewed", validForMs: validityMs(ttlMs) };
      if (reading.kind === "epoch") {
        const { shardEpoch } = reading;
        const { placements } = this.#context;
        const trouble = await placements.reconcile(site.shard, shardEpoch, deadlineMs);
        if (trouble !== undefined) return trouble;
      }
    }
    return failure("CONTENDED", "The grant was renewed by others at the same time.", {
      retryAfterMs: 100,
    });
  }

  async #find(
    site: LockSite,
    { grantId, token }: RenewCommand,
  ): Promise<
    { readonly kind: "found"; readonly kv: KeyValue; readonly record: LockRecord } | Failure
  > {
    const reply = await site.shard.store.commit({
      compares: [],
      success: [site.keys.exclusive, site.keys.shared].map(({ prefix }) => ({
        kind: "range",
        key: prefix + grantId,
      })),
      failure: [],
    });
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    const kv = reply.result.results.flatMap((result) => read(result).kvs)[0];
    const record = kv === undefined ? undefined : decodeRecord(kv.value);
    if (kv === undefined || record === undefined) return lost(site);
    if (kv.createRevision !== tokenRevision(token) || tokenOf(kv, record) !== token) {
      return failure("NOT_HELD", `The grant has another token than ${token}.`);
    }
    return { kind: "found", kv, record };
  }

  async #keepAlive(site: LockSite, kv: KeyValue, record: LockRecord): Promise<RenewOutcome> {
    const reply = await site.shard.store.keepAlive(kv.lease as LeaseId);
    if (reply.kind !== "kept") return storeFailure(site.shard, reply);
    if (reply.ttlS <= 0) return lost(site);
    return { kind: "renewed", validForMs: validityMs(record.ttlMs) };
  }
}

function lost({ lock, shard }: LockSite): Failure {
  return failure(
    "LOST",
    `The grant of ${lock.namespace}/${lock.name} in ${lock.region} has ended: it was released, ` +
      "taken away, or its lease ran out. Acquire the lock again.",
    { shard: printShard(shard) },
  );
}
