import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { ForceReleaseCommand, GetCommand } from "@holdfast/core/command/command";
import type { ForceReleaseOutcome, GetOutcome, Tenant } from "@holdfast/core/command/outcome";
import { read } from "@holdfast/core/lock/enqueue";
import { epochIs } from "@holdfast/core/lock/epoch";
import { decodeForced, encodeForced, type ForcedRecord } from "@holdfast/core/lock/forced-record";
import { parseKey } from "@holdfast/core/lock/keys";
import { createdAt, type KeyValue, type RangeOp } from "@holdfast/core/txn/txn";
import { byDeadline, isPast } from "./deadline.ts";
import { epochAttemptsMax, isSite, type LocalContext, locate } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import { storeFailure, unreached } from "./shard.ts";
import { tenantOf } from "./tenant.ts";

/** How many holders and waiters a look at a lock shows. */
const shownMax = 100;
/** How long the record of a force release stands for a journal to read, in ms. */
const forcedRecordMs = 60_000;
/** Grants one transaction takes from their holders: each costs two of its operations. */
const forcedAtOnceMax = 40;

/** Looks at a lock, and the operator's way to empty it. */
export class LocalRead {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /** Holders and waiters as of one revision, read linearizably. */
  async get({ lock }: GetCommand): Promise<GetOutcome> {
    const site = locate(this.#context, lock);
    if (!isSite(site)) return site;
    const { exclusive, shared, queue } = site.keys;
    const reads: RangeOp[] = [exclusive, shared, queue].map(({ prefix, end }) => ({
      kind: "range",
      key: prefix,
      rangeEnd: end,
      limit: shownMax,
      order: "create",
    }));
    const reply = await site.shard.store.commit({ compares: [], success: reads, failure: [] });
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    const [exclusives, shareds, waiters] = reply.result.results.map(read);
    const nowMs = this.#context.surroundings.clock.wallMs();
    const holders = [...(exclusives?.kvs ?? []), ...(shareds?.kvs ?? [])];
    return {
      kind: "lock",
      lock,
      shard: site.shard.name,
      slot: site.slot,
      holders: holders.slice(0, shownMax).map((kv) => tenantOf(kv, nowMs)),
      waiters: (waiters?.kvs ?? []).map((kv) => tenantOf(kv, nowMs)),
      holderCount: (exclusives?.count ?? 0) + (shareds?.count ?? 0),
      waiterCount: waiters?.count ?? 0,
      revision: reply.revision,
    };
  }

  /**
   * Takes the lock from its holders. They go on believing until they are told, which may take more
   * than a minute; in between only the token protects what the lock protects.
   *
   * A repeat finds the records of the first and takes nothing from whoever holds the lock since.
   */
  async forceRelease(
    command: ForceReleaseCommand,
    deadlineMs?: number,
  ): Promise<ForceReleaseOutcome> {
    const { clock } = this.#context.surroundings;
    for (let changes = 0; changes < epochAttemptsMax && !isPast(clock, deadlineMs); ) {
      const site = locate(this.#context, command.lock);
      if (!isSite(site)) return site;
      const found = await this.#look(site, command);
      if ("code" in found) return found;
      if (found.victims.length === 0) return { kind: "force-released", released: found.released };
      const trouble = await this.#take(site, found, command, deadlineMs);
      if (trouble === "changed") {
        changes++;
        await byDeadline(clock, deadlineMs, this.#context.placements.refresh());
      } else if (trouble !== undefined) return trouble;
    }
    if (isPast(clock, deadlineMs)) return outOfTime;
    return failure("CONTENDED", "The holders changed while they were being removed.", {
      retryAfterMs: 100,
    });
  }

  /** Whom this request has to take the lock from, and whom it has taken it from already. */
  async #look(site: LockSite, command: ForceReleaseCommand): Promise<Found | Failure> {
    const { exclusive, shared, forced } = site.keys;
    const reads: RangeOp[] = [exclusive, shared, forced].map(({ prefix, end }) => ({
      kind: "range",
      key: prefix,
      rangeEnd: end,
    }));
    const reply = await site.shard.store.commit({ compares: [], success: reads, failure: [] });
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    const [exclusives, shareds, records] = reply.result.results.map((result) => read(result).kvs);
    const own = (records ?? [])
      .map(({ key, value }) => ({ grantId: grantIdOf(key), record: decodeForced(value) }))
      .filter(({ record }) => record?.request === command.requestId);
    const upTo = BigInt(own[0]?.record?.upTo ?? reply.revision);
    const victims = [...(exclusives ?? []), ...(shareds ?? [])].filter(
      ({ key, createRevision }) =>
        createRevision <= upTo &&
        (command.grantId === undefined || grantIdOf(key) === command.grantId),
    );
    return { victims, upTo, released: own.map(({ grantId, record }) => formerOf(grantId, record)) };
  }

  async #take(
    site: LockSite,
    { victims, upTo }: Found,
    { actor, reason, requestId }: ForceReleaseCommand,
    deadlineMs: number | undefined,
  ): Promise<Failure | undefined | "changed"> {
    const lease = await site.shard.pool.leaseFor(forcedRecordMs, deadlineMs);
    if (lease.kind !== "lease") return unreached(site.shard, lease);
    const taken = victims.slice(0, forcedAtOnceMax);
    const nowMs = this.#context.surroundings.clock.wallMs();
    const recordOf = (kv: KeyValue) => {
      const { mode, owner, token, hasSession, ttlMs } = tenantOf(kv, nowMs);
      const holder = { mode, owner, token: String(token), hasSession, ttlMs };
      return encodeForced({ actor, reason, request: requestId, upTo: String(upTo), holder });
    };
    const reply = await site.shard.committer.submit(
      {
        compares: [
          epochIs(site.epoch),
          ...taken.map(({ key, createRevision }) => createdAt(key, createRevision)),
        ],
        success: taken.flatMap((kv) => [
          { kind: "delete", key: kv.key } as const,
          {
            kind: "put",
            key: site.keys.forced.prefix + grantIdOf(kv.key),
            value: recordOf(kv),
            lease: lease.marker.lease,
          } as const,
        ]),
        failure: [],
      },
      site.conflictKey,
    );
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    return reply.result.succeeded ? undefined : "changed";
  }
}

const outOfTime = failure(
  "UNKNOWN_OUTCOME",
  "Time ran out, and some holders may not have been removed. Repeat it with the same request id.",
);

/** Holders a force release has to take the lock from, and those it took it from already. */
interface Found {
  readonly victims: readonly KeyValue[];
  /** The revision the request first saw: who came later is not meant. */
  readonly upTo: bigint;
  readonly released: readonly Tenant[];
}

/** The holder that a record tells of. */
function formerOf(grantId: GrantId, record: ForcedRecord | undefined): Tenant {
  invariant(record !== undefined, "only records that could be read are taken");
  const { holder } = record;
  return { ...holder, grantId, metadata: {}, token: BigInt(holder.token), ageMs: 0 };
}

function grantIdOf(key: string): GrantId {
  return (parseKey(key)?.grantId ?? "") as GrantId;
}
