import { auditedRange } from "@holdfast/core/audit/audited-key";
import { firstPage, readRevision } from "@holdfast/core/audit/history";
import type { CacheKeeper } from "@holdfast/engine/cache-keeper";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";

/** Tells a keeper what happens in a shard, as the journal does. Ends with the store. */
export function tellKeeper(store: ShardStore, keeper: CacheKeeper): void {
  const of = { cluster: "test/here/s0", region: "here", shard: "s0" };
  let bookmark = firstPage;
  store.watch(
    {
      key: auditedRange.prefix,
      rangeEnd: auditedRange.end,
      startRevision: 1n,
      withPrevious: true,
    },
    {
      onEvents: (revision, changes) => {
        const derived = readRevision(of, revision, changes, bookmark);
        if (derived.kind !== "derived") throw new Error(`revision ${revision} is lost`);
        bookmark = derived.bookmark;
        keeper.onEvents(derived.events);
      },
      onEnd: () => {},
    },
  );
}
