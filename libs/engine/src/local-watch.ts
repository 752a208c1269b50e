import { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { Tenant } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { type KeyRange, lockKeys, parseKey } from "@holdfast/core/lock/keys";
import type { LockEvent, LockEventKind } from "@holdfast/core/lock/lock-event";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { isSite, type LocalContext, locate } from "./local-context.ts";
import type { WatchQuery } from "./ports/lock-tier.ts";
import type { WatchEvent } from "./ports/shard-store.ts";
import type { Shard } from "./shard.ts";
import { tenantOf } from "./tenant.ts";

const retryMs = 500;
/** Holders read at once when the present is told. */
const currentPage = 500;

/** Tells a caller what happens to one lock, or to all locks with a prefix. */
export class LocalWatch {
  readonly #context: LocalContext;
  readonly #carried = { one: 0, prefix: 0 };

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /**
   * Runs until cancelled; a shard that is lost is taken up again, with `WatchRestarted` before it.
   * One that is not the shard it is configured as ends the watch: what it tells is another's.
   */
  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    const targets = this.#targets(query);
    if (!Array.isArray(targets)) return targets;
    const kind = query.prefix ? "prefix" : "one";
    if (this.#carried[kind] >= carriedMax[kind]) return tooManyWatches[kind];
    this.#carried[kind]++;
    try {
      return await this.#carry(query, targets, listener, cancellation);
    } finally {
      this.#carried[kind]--;
    }
  }

  /** Watches in all shards until cancelled, or until one of them is refused. */
  async #carry(
    query: WatchQuery,
    targets: readonly WatchTarget[],
    listener: (event: LockEvent) => void,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    const over = new Cancellation();
    const forget = cancellation.onCancel(() => over.cancel());
    const refusals = await Promise.all(
      targets.map(async (target) => {
        const refusal = await new ShardWatch(this.#context, query, target, listener).run(over);
        if (refusal !== undefined) over.cancel();
        return refusal;
      }),
    );
    forget();
    return refusals.find((refusal) => refusal !== undefined);
  }

  #targets(query: WatchQuery): WatchTarget[] | Failure {
    if (query.prefix) {
      const ranges = ["x", "s", "q"].map((kind) => ({ prefix: `${kind}/`, end: `${kind}0` }));
      return [...this.#context.shards.values()].map((shard) => ({ shard, ranges }));
    }
    const { region, namespace, name } = query;
    const site = locate(this.#context, { region, namespace, name });
    if (!isSite(site)) return site;
    const { exclusive, shared, queue } = lockKeys(site.slot, namespace, name);
    return [{ shard: site.shard, ranges: [exclusive, shared, queue] }];
  }
}

const carriedMax = {
  one: limits.watchesPerRouterMax,
  prefix: limits.prefixWatchesPerRouterMax,
} as const;

const tooManyWatches = {
  one: failure(
    "QUOTA_EXCEEDED",
    `This router carries ${print(carriedMax.one)} watches of one lock already. Watch through another ` +
      "router, or watch a prefix in place of many names.",
    { retryAfterMs: 1_000 },
  ),
  prefix: failure(
    "QUOTA_EXCEEDED",
    `This router carries ${print(carriedMax.prefix)} watches of a prefix already, each of which hears ` +
      "of every change in the region. Watch through another router, or share one watch.",
    { retryAfterMs: 1_000 },
  ),
} as const;

function print(count: number): string {
  return count.toLocaleString("en-US");
}

interface WatchTarget {
  readonly shard: Shard;
  readonly ranges: readonly KeyRange[];
}

/** The part of a watch that one shard answers. */
class ShardWatch {
  readonly #context: LocalContext;
  readonly #query: WatchQuery;
  readonly #target: WatchTarget;
  readonly #listener: (event: LockEvent) => void;
  #started = false;

  constructor(
    context: LocalContext,
    query: WatchQuery,
    target: WatchTarget,
    listener: (event: LockEvent) => void,
  ) {
    this.#context = context;
    this.#query = query;
    this.#target = target;
    this.#listener = listener;
  }

  /** Until cancelled; a failure where the shard is refused. */
  async run(cancellation: Cancellation): Promise<Failure | undefined> {
    while (!cancellation.cancelled) {
      const refusal = this.#context.placements.refusalOf(this.#target.shard);
      if (refusal !== undefined) return refusal;
      const startRevision = await this.#begin(cancellation);
      if (startRevision !== undefined) await this.#follow(startRevision, cancellation);
      if (cancellation.cancelled) break;
      await sleep(this.#context.surroundings.clock, retryMs, cancellation);
    }
    return undefined;
  }

  /** Tells the present if that is wanted, and answers from where to follow. */
  async #begin(cancellation: Cancellation): Promise<bigint | undefined> {
    const { shard, ranges } = this.#target;
    const [first] = ranges;
    invariant(first !== undefined, "a watch has ranges");
    const probe = { key: first.prefix, rangeEnd: first.end, limit: 1, keysOnly: true };
    const reply = await shard.store.range({ kind: "range", ...probe });
    if (reply.kind !== "read") return undefined;
    if (this.#started) this.#tell("WatchRestarted", this.#placeholder(), reply.revision);
    this.#started = true;
    if (!this.#query.withCurrent) return reply.revision + 1n;
    // Page by page: a whole shard in one answer is more than either side can carry. What changes
    // meanwhile is told twice, by the page and by the watch, and nothing is left out.
    for (const range of ranges.slice(0, 2)) {
      if (!(await this.#tellCurrent(range, cancellation))) return undefined;
    }
    return reply.revision + 1n;
  }

  /** False where the shard did not answer. */
  async #tellCurrent({ prefix, end }: KeyRange, cancellation: Cancellation): Promise<boolean> {
    for (let key = prefix; !cancellation.cancelled; ) {
      const reply = await this.#target.shard.store.range({
        kind: "range",
        key,
        rangeEnd: end,
        limit: currentPage,
      });
      if (reply.kind !== "read") return false;
      for (const kv of reply.range.kvs) this.#tellOf("LockAcquired", kv);
      const last = reply.range.kvs.at(-1);
      if (last === undefined || reply.range.kvs.length < currentPage) return true;
      key = `${last.key}\0`;
    }
    return true;
  }

  #follow(startRevision: bigint, cancellation: Cancellation): Promise<void> {
    const { shard, ranges } = this.#target;
    const { promise, resolve } = Promise.withResolvers<void>();
    const watches = ranges.map(({ prefix, end }) =>
      shard.store.watch(
        { key: prefix, rangeEnd: end, startRevision },
        {
          onEvents: (_, events) => {
            for (const event of events) this.#event(event);
          },
          onEnd: () => resolve(),
        },
      ),
    );
    const forget = cancellation.onCancel(resolve);
    return promise.then(() => {
      forget();
      for (const watch of watches) watch.cancel();
    });
  }

  #event(event: WatchEvent): void {
    const { key, createRevision, modRevision } = event.kv;
    const waits = key.startsWith("q");
    if (event.kind === "delete") this.#tellOf(waits ? "WaiterLeft" : "LockEnded", event.kv);
    else if (createRevision === modRevision) {
      this.#tellOf(waits ? "WaiterQueued" : "LockAcquired", event.kv);
      // A place is put under a newer lease too: nobody who reads "renewed" should think it a lock.
    } else if (!waits) this.#tellOf("LockRenewed", event.kv);
  }

  #tellOf(kind: LockEventKind, kv: KeyValue): void {
    const parsed = parseKey(kv.key);
    if (parsed === undefined || parsed.namespace !== this.#query.namespace) return;
    const { name } = this.#query;
    if (this.#query.prefix ? !parsed.name.startsWith(name) : parsed.name !== name) return;
    const gone = kind === "LockEnded" || kind === "WaiterLeft";
    const tenant = gone
      ? ({
          ...this.#placeholder(),
          grantId: parsed.grantId,
          mode: parsed.kind === "s" ? "shared" : "exclusive",
        } as Tenant)
      : tenantOf(kv, this.#context.surroundings.clock.wallMs());
    this.#tell(kind, tenant, kv.modRevision, parsed.name);
  }

  #tell(kind: LockEventKind, tenant: Tenant, revision: bigint, name = this.#query.name): void {
    invariant(revision >= 0n, "revisions are not negative");
    const { region, namespace } = this.#query;
    const shard = this.#target.shard.name;
    this.#listener({ kind, lock: { region, namespace, name }, tenant, shard, revision });
  }

  #placeholder(): Tenant {
    return {
      grantId: "" as GrantId,
      mode: "exclusive",
      owner: "",
      metadata: {},
      token: 0n,
      ageMs: 0,
      hasSession: false,
      ttlMs: 0,
    };
  }
}
