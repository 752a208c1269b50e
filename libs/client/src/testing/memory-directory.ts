import type { LockEvent, LockEventKind } from "@holdfast/core/lock/lock-event";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type {
  Directory,
  ListPage,
  ListQuery,
  RunningWatch,
  WatchListener,
  WatchQuery,
} from "../directory.ts";
import { type MemoryTenant, tenantOf } from "./memory-lock.ts";
import type { MemoryTenancy } from "./memory-tenancy.ts";

/** Lists and watches the locks of a fake. */
export class MemoryDirectory implements Directory {
  readonly #tenancy: () => MemoryTenancy;
  readonly #watches = new Map<WatchListener, WatchQuery>();
  #revision = 0n;

  constructor(tenancy: () => MemoryTenancy) {
    this.#tenancy = tenancy;
  }

  list(_endpoint: string, query: ListQuery): Promise<ListPage> {
    const { locks, nowMs } = this.#tenancy();
    const all = [...locks.values()]
      .filter(
        ({ id }) => isIn(id, query.region, query.namespace) && id.name.startsWith(query.prefix),
      )
      .sort((left, right) => (left.id.name < right.id.name ? -1 : 1))
      .flatMap((lock) =>
        lock.holders.map((holder) => ({ lock: lock.id, holder: tenantOf(holder, nowMs) })),
      );
    const from = Number(query.pageToken);
    const page = all.slice(from, from + query.pageSize);
    const next = from + page.length;
    const nextPageToken = next < all.length ? String(next) : "";
    return Promise.resolve({ kind: "page", locks: page, nextPageToken });
  }

  watch(_endpoint: string, query: WatchQuery, listener: WatchListener): RunningWatch {
    this.#watches.set(listener, query);
    const { locks } = this.#tenancy();
    const current = query.withCurrent
      ? [...locks.values()]
          .filter(({ id }) => isWatched(id, query))
          .flatMap(({ id, holders }) =>
            holders.map((holder) => this.#eventOf("LockAcquired", id, holder)),
          )
      : [];
    queueMicrotask(() => {
      if (this.#watches.has(listener)) listener.onEvents(current);
    });
    return { cancel: () => this.#watches.delete(listener) };
  }

  /** For the router: something happened. */
  report(kind: LockEventKind, lock: LockId, tenant: MemoryTenant): void {
    this.#revision += 1n;
    for (const [listener, query] of this.#watches) {
      if (isWatched(lock, query)) listener.onEvents([this.#eventOf(kind, lock, tenant)]);
    }
  }

  #eventOf(kind: LockEventKind, lock: LockId, tenant: MemoryTenant): LockEvent {
    const { nowMs } = this.#tenancy();
    const revision = this.#revision;
    return { kind, lock, tenant: tenantOf(tenant, nowMs), shard: "memory", revision };
  }
}

function isIn(lock: LockId, region: string, namespace: string): boolean {
  return lock.region === region && lock.namespace === namespace;
}

function isWatched(lock: LockId, query: WatchQuery): boolean {
  if (!isIn(lock, query.region, query.namespace)) return false;
  return query.prefix ? lock.name.startsWith(query.name) : lock.name === query.name;
}
