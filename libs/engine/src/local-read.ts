import { utf8 } from "@holdfast/base/bytes";
import { failure } from "@holdfast/base/failure";
import type { ForceReleaseCommand, GetCommand } from "@holdfast/core/command/command";
import type { ForceReleaseOutcome, GetOutcome } from "@holdfast/core/command/outcome";
import { read } from "@holdfast/core/lock/enqueue";
import { epochIs } from "@holdfast/core/lock/epoch";
import { parseKey } from "@holdfast/core/lock/keys";
import { createdAt, type KeyValue, type RangeOp } from "@holdfast/core/txn/txn";
import { epochAttemptsMax, isSite, type LocalContext, locate } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import { storeFailure } from "./shard.ts";
import { tenantOf } from "./tenant.ts";

/** How many holders and waiters a look at a lock shows. */
const shownMax = 100;
/** How long the record of a force release stands for a journal to read, in ms. */
const forcedRecordMs = 60_000;
/** Grants one force release takes at once: each costs two operations of the transaction. */
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
   * Takes the lock from its holders. They go on believing until their next heartbeat tells them;
   * in between only the token protects what the lock protects.
   */
  async forceRelease(command: ForceReleaseCommand): Promise<ForceReleaseOutcome> {
    for (let attempt = 0; attempt < epochAttemptsMax; attempt++) {
      const site = locate(this.#context, command.lock);
      if (!isSite(site)) return site;
      const found = await this.#holders(site);
      if (!Array.isArray(found)) return found;
      const victims = found.filter(
        ({ key }) => command.grantId === undefined || parseKey(key)?.grantId === command.grantId,
      );
      if (victims.length === 0) return { kind: "force-released", released: [] };
      const outcome = await this.#take(site, victims.slice(0, forcedAtOnceMax), command);
      if (outcome !== "changed") return outcome;
      await this.#context.placements.refresh();
    }
    return failure("CONTENDED", "The holders changed while they were being removed.", {
      retryAfterMs: 100,
    });
  }

  async #holders(site: LockSite) {
    const reads: RangeOp[] = [site.keys.exclusive, site.keys.shared].map(({ prefix, end }) => ({
      kind: "range",
      key: prefix,
      rangeEnd: end,
    }));
    const reply = await site.shard.store.commit({ compares: [], success: reads, failure: [] });
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    return reply.result.results.flatMap((result) => [...read(result).kvs]);
  }

  async #take(
    site: LockSite,
    victims: readonly KeyValue[],
    command: ForceReleaseCommand,
  ): Promise<ForceReleaseOutcome | "changed"> {
    const lease = await site.shard.pool.leaseFor(forcedRecordMs);
    if (lease.kind !== "lease") return storeFailure(site.shard, lease);
    const value = utf8(JSON.stringify({ actor: command.actor, reason: command.reason }));
    const reply = await site.shard.committer.submit(
      {
        compares: [
          epochIs(site.epoch),
          ...victims.map(({ key, createRevision }) => createdAt(key, createRevision)),
        ],
        success: victims.flatMap(({ key }) => [
          { kind: "delete", key } as const,
          {
            kind: "put",
            key: site.keys.forced.prefix + (parseKey(key)?.grantId ?? ""),
            value,
            lease: lease.marker.lease,
          } as const,
        ]),
        failure: [],
      },
      site.conflictKey,
    );
    if (reply.kind !== "committed") return storeFailure(site.shard, reply);
    if (!reply.result.succeeded) return "changed";
    const nowMs = this.#context.surroundings.clock.wallMs();
    return { kind: "force-released", released: victims.map((kv) => tenantOf(kv, nowMs)) };
  }
}
