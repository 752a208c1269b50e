import { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import { limits } from "@holdfast/core/limits";
import type { KeyRange } from "@holdfast/core/lock/keys";
import type { LockEvent, LockEventKind } from "@holdfast/core/lock/lock-event";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { lockOfAccepted, registerKeys, registersRange } from "@holdfast/core/quorum/register-keys";
import {
  emptyRegister,
  type GlobalRequest,
  type RegisterValue,
} from "@holdfast/core/quorum/register-value";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { globalTenant } from "./global-view.ts";
import { isSite, type LocalContext, locate } from "./local-context.ts";
import type { WatchQuery } from "./ports/lock-tier.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";
import type { Shard } from "./shard.ts";

const retryMs = 500;
/** Keys read at once when the present is learned. */
const chunkMax = 500;

/**
 * Tells what happens to global locks as this region hears of it: what it missed while it was away
 * is not told, and what two regions have not agreed on yet may be.
 */
export class GlobalWatch {
  readonly #context: LocalContext;
  #carried = 0;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  /** Runs until cancelled; a shard that is lost is taken up again, `WatchRestarted` before it. */
  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    const targets = this.#targets(query);
    if (!Array.isArray(targets)) return targets;
    if (this.#carried >= limits.prefixWatchesPerRouterMax * 10) return tooMany;
    this.#carried++;
    const over = new Cancellation();
    const forget = cancellation.onCancel(() => over.cancel());
    const refusals = await Promise.all(
      targets.map(async ({ shard, range }) => {
        const watch = new RegisterWatch(this.#context, query, shard, range, listener);
        const refusal = await watch.run(over);
        if (refusal !== undefined) over.cancel();
        return refusal;
      }),
    );
    forget();
    this.#carried--;
    return refusals.find((refusal) => refusal !== undefined);
  }

  #targets(query: WatchQuery): { shard: Shard; range: KeyRange }[] | Failure {
    const { region, shards } = this.#context;
    if (query.prefix)
      return [...shards.values()].map((shard) => ({ shard, range: registersRange }));
    const { namespace, name } = query;
    const site = locate(this.#context, { region, namespace, name });
    if (!isSite(site)) return site;
    const { accepted } = registerKeys(site.slot, namespace, name);
    return [{ shard: site.shard, range: { prefix: accepted, end: `${accepted}\0` } }];
  }
}

const tooMany = failure(
  "QUOTA_EXCEEDED",
  "This coordinator carries too many watches of global locks already. Share one watch of a prefix.",
  { retryAfterMs: 1_000 },
);

/** The part of a watch that one shard answers. */
class RegisterWatch {
  readonly #context: LocalContext;
  readonly #query: WatchQuery;
  readonly #shard: Shard;
  readonly #range: KeyRange;
  readonly #listener: (event: LockEvent) => void;
  /** What each lock was when it was last heard of: a register is written as a whole. */
  readonly #values = new Map<string, RegisterValue>();
  #started = false;

  constructor(
    context: LocalContext,
    query: WatchQuery,
    shard: Shard,
    range: KeyRange,
    listener: (event: LockEvent) => void,
  ) {
    this.#context = context;
    this.#query = query;
    this.#shard = shard;
    this.#range = range;
    this.#listener = listener;
  }

  async run(cancellation: Cancellation): Promise<Failure | undefined> {
    while (!cancellation.cancelled) {
      const refusal = this.#context.placements.refusalOf(this.#shard);
      if (refusal !== undefined) return refusal;
      const startRevision = await this.#learn(cancellation);
      if (startRevision !== undefined) await this.#follow(startRevision, cancellation);
      if (cancellation.cancelled) break;
      await sleep(this.#context.surroundings.clock, retryMs, cancellation);
    }
    return undefined;
  }

  /** Reads the present, page by page, and answers from where to follow. */
  async #learn(cancellation: Cancellation): Promise<bigint | undefined> {
    const { prefix, end } = this.#range;
    let revision: bigint | undefined;
    for (let key = prefix; !cancellation.cancelled; ) {
      const reply = await this.#shard.store.range({
        kind: "range",
        key,
        rangeEnd: end,
        limit: chunkMax,
      });
      if (reply.kind !== "read") return undefined;
      // What changes while the pages are read is told by the watch, which begins with the first.
      revision ??= reply.revision;
      if (this.#started && key === prefix) this.#restarted(revision);
      for (const kv of reply.range.kvs) this.#present(kv);
      const last = reply.range.kvs.at(-1);
      if (last === undefined || reply.range.kvs.length < chunkMax) break;
      key = `${last.key}\0`;
    }
    this.#started = true;
    return revision === undefined ? undefined : revision + 1n;
  }

  #present(kv: KeyValue): void {
    const lock = this.#lockOf(kv);
    const value = decodeAccepted(kv.value)?.value;
    if (lock === undefined || value === undefined) return;
    if (!this.#started && !this.#query.withCurrent) this.#values.set(lock.name, value);
    else this.#changed(lock, value, kv.modRevision);
  }

  #follow(startRevision: bigint, cancellation: Cancellation): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { prefix, end } = this.#range;
    const watch = this.#shard.store.watch(
      { key: prefix, rangeEnd: end, startRevision },
      {
        onEvents: (revision, events) => {
          for (const { kind, kv } of events) {
            const lock = this.#lockOf(kv);
            const value = kind === "put" ? decodeAccepted(kv.value)?.value : undefined;
            if (lock !== undefined && value !== undefined) this.#changed(lock, value, revision);
          }
        },
        onEnd: () => resolve(),
      },
    );
    const forget = cancellation.onCancel(resolve);
    return promise.then(() => {
      forget();
      watch.cancel();
    });
  }

  #lockOf({ key }: KeyValue): GlobalLockId | undefined {
    const lock = lockOfAccepted(key);
    const { namespace, name, prefix } = this.#query;
    if (lock === undefined || lock.namespace !== namespace) return undefined;
    const isMeant = prefix ? lock.name.startsWith(name) : lock.name === name;
    return isMeant ? lock : undefined;
  }

  #changed(lock: GlobalLockId, value: RegisterValue, revision: bigint): void {
    const before = this.#values.get(lock.name) ?? emptyRegister;
    if (value.version < before.version) return;
    const { holders, waiters } = value;
    if (holders.length + waiters.length === 0 && !this.#query.prefix) {
      this.#values.set(lock.name, value);
    } else if (holders.length + waiters.length === 0) this.#values.delete(lock.name);
    else this.#values.set(lock.name, value);
    const tell = (kind: LockEventKind, requests: readonly GlobalRequest[]) => {
      for (const request of requests) this.#tell(kind, lock, request, revision);
    };
    tell("LockEnded", missingIn(before.holders, holders));
    tell("WaiterLeft", missingIn(before.waiters, waiters));
    tell("LockAcquired", missingIn(holders, before.holders));
    tell("WaiterQueued", missingIn(waiters, before.waiters));
  }

  #tell(kind: LockEventKind, lock: GlobalLockId, request: GlobalRequest, revision: bigint): void {
    const tenant = globalTenant(request, this.#context.surroundings.clock.wallMs());
    const shard = this.#shard.name;
    this.#listener({ kind, lock: { region: globalRegion, ...lock }, tenant, shard, revision });
  }

  #restarted(revision: bigint): void {
    const { namespace, name } = this.#query;
    const tenant = globalTenant(nobody, 0);
    const lock = { region: globalRegion, namespace, name };
    this.#listener({ kind: "WatchRestarted", lock, tenant, shard: this.#shard.name, revision });
  }
}

const nobody: GlobalRequest = {
  grantId: "" as GlobalRequest["grantId"],
  session: "" as GlobalRequest["session"],
  region: "",
  ttlMs: 0,
  mode: "exclusive",
  owner: "",
  metadata: {},
  atMs: 0,
};

function missingIn(
  requests: readonly GlobalRequest[],
  others: readonly GlobalRequest[],
): GlobalRequest[] {
  const known = new Set(others.map(({ grantId }) => grantId));
  return requests.filter(({ grantId }) => !known.has(grantId));
}
