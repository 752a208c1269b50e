import { lockKeys } from "@holdfast/core/lock/keys";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import { expect, test } from "vitest";
import { etcdMissing, startEtcd } from "../contract/etcd-under-test.ts";
import { checkHistory } from "../history/check-history.ts";
import { HandmadeHistory } from "../history/handmade-history.ts";
import type { HistoryEvent } from "../history/history-event.ts";
import { until } from "../integration/until.ts";
import { earlyEnds } from "./early-ends.ts";
import { LeaseWitness } from "./lease-witness.ts";

const thaw = (target: string): HistoryEvent => {
  return { kind: "fault", atMs: 5_000, untilMs: 15_000, what: "SIGSTOP 10 s", target };
};
const ended = { kind: "lease-ended", atMs: 15_050, lock: "lock", createRevision: "1" } as const;

/** a's lease has ended at 15.05 s; b got the lock at 15.1 s; a stands still, and believes. */
function overlap(...seen: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const { events } = new HandmadeHistory()
    .asks("a", 14_000)
    .gets("a", 14_001, 1)
    .believes("a", 14_900, 17_000)
    .asks("b", 14_002)
    .gets("b", 15_100, 2)
    .loses("a", 18_000);
  return [...events, ...seen].toSorted((a, b) => a.atMs - b.atMs);
}

function violations(events: readonly HistoryEvent[]): number {
  return checkHistory([...events, ...earlyEnds(events)]).violations.length;
}

test("a lease that etcd's thawed leader revoked early is excused", () => {
  expect(violations(overlap(thaw("etcd leader m1"), ended))).toBe(0);
});

test("an overlap at any other time, or for any other reason, is not", () => {
  const thawed = thaw("etcd leader m1");
  expect(violations(overlap(thaw("router r0"), ended))).toBeGreaterThan(0);
  expect(violations(overlap(thawed))).toBeGreaterThan(0);
  expect(violations(overlap(thawed, { ...ended, createRevision: "3" }))).toBeGreaterThan(0);
  expect(violations(overlap(thawed, { ...ended, lock: "other" }))).toBeGreaterThan(0);
  expect(violations(overlap(thawed, { ...ended, atMs: 14_999 }))).toBeGreaterThan(0);
  expect(violations(overlap(thawed, { ...ended, atMs: 17_500 }))).toBeGreaterThan(0);
  const short = { ...thawed, atMs: 13_501 } as HistoryEvent;
  expect(violations(overlap(short, ended))).toBeGreaterThan(0);
});

test("the end of a lease is told from a deletion under a lease that lives", async (context) => {
  if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
  await using etcd = await startEtcd();
  const { store, cluster } = etcd;
  const seen: HistoryEvent[] = [];
  const record = (event: HistoryEvent): void => void seen.push(event);
  const witness = new LeaseWitness(cluster.endpoints, () => 15_050, record);
  const released = await hold(store, "released");
  await store.commit({
    compares: [],
    success: [{ kind: "delete", key: released.key }],
    failure: [],
  });
  const { lease, createRevision } = await hold(store, "lock");
  await store.revokeLease(lease);
  await until("the end of the lease is seen", () => seen.length > 0);
  expect(seen).toEqual([{ ...ended, createRevision }]);
  witness.close();
});

/** Puts a holder's key under a lease of its own. */
async function hold(store: ShardStore, lock: string) {
  const granted = await store.grantLease(10);
  if (granted.kind !== "granted") throw new Error(granted.kind);
  const { lease } = granted;
  const key = `${lockKeys(0, "default", lock).exclusive.prefix}grant`;
  const put = { kind: "put", key, value: new Uint8Array(), lease } as const;
  const reply = await store.commit({ compares: [], success: [put], failure: [] });
  if (reply.kind !== "committed") throw new Error(reply.kind);
  return { lease, key, createRevision: String(reply.revision) };
}
