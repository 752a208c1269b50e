import type { Failure } from "@holdfast/base/failure";
import { delegationKeys } from "@holdfast/core/delegation/delegation-keys";
import { decodeHolder, decodePlace } from "@holdfast/core/delegation/local-record";
import type { GlobalHolder, GlobalWaiter } from "@holdfast/core/quorum/register-value";
import type { GlobalContext } from "./global-context.ts";
import { isSite, locate } from "./local-context.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";
import { storeFailure } from "./shard.ts";

/** Places that are read of one line. */
const placesMax = 100;

/** Who has and who waits for a lock by delegation to this region. */
export interface DelegatedView {
  readonly kind: "delegated";
  readonly holders: readonly GlobalHolder[];
  /** In order, at most 100 of them. */
  readonly waiters: readonly GlobalWaiter[];
}

/** Reads it from this region's shard. It says nothing of whether the delegation is in force. */
export async function readDelegated(
  { local, region }: GlobalContext,
  lock: GlobalLockId,
): Promise<DelegatedView | Failure> {
  const site = locate(local, { ...lock, region });
  if (!isSite(site)) return site;
  const { store } = site.shard;
  const keys = delegationKeys(site.slot, lock.namespace, lock.name);
  const { holders: held, places } = keys;
  const [holders, waiters] = await Promise.all([
    store.range({ kind: "range", key: held.prefix, rangeEnd: held.end, limit: 1 }),
    store.range({ kind: "range", key: places.prefix, rangeEnd: places.end, limit: placesMax }),
  ]);
  if (holders.kind !== "read") return storeFailure(site.shard, holders);
  if (waiters.kind !== "read") return storeFailure(site.shard, waiters);
  const inLine = [...waiters.range.kvs].sort((left, right) => {
    return left.createRevision < right.createRevision ? -1 : 1;
  });
  return {
    kind: "delegated",
    holders: holders.range.kvs.flatMap(({ value }) => {
      const holder = decodeHolder(value);
      return holder === undefined ? [] : [{ ...holder.request, token: holder.token }];
    }),
    waiters: inLine.flatMap(({ value }) => decodePlace(value)?.request ?? []),
  };
}
