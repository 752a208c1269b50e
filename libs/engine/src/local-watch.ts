import type { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import type { Failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { Tenant } from "@holdfast/core/command/outcome";
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

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /**
   * Runs until cancelled; a shard that is lost is taken up again, with `WatchRestarted` before it.
   */
  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    const targets = this.#targets(query);
    if (!Array.isArray(targets)) return targets;
    await Promise.all(
      targets.map((target) =>
        new ShardWatch(this.#context, query, target, listener).run(cancellation),
      ),
    );
    return undefined;
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

  async run(cancellation: Cancellation): Promise<void> {
    while (!cancellation.cancelled) {
      const startRevision = await this.#begin(cancellation);
      if (startRevision !== undefined) await this.#follow(startRevision, cancellation);
      if (cancellation.cancelled) return;
      await sleep(this.#context.surroundings.clock, retryMs, cancellation);
    }
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
