import { tokenRevision } from "@holdfast/core/fencing/token";
import type { FaultEvent, HistoryEvent, VoidedEvent } from "../history/history-event.ts";

/** A lease is revoked up to so long after the thaw. */
const aftermathMs = 2_500;
/**
 * A lease was renewed at most a third of its ttl before the freeze, so a leader frozen for less
 * than half of it cannot think the lease over: the shortest ttl of the drills is 3 s.
 */
const freezeMsMin = 1_500;

/**
 * What etcd itself does wrong, so that no run fails for it: a member that was frozen while it led,
 * for longer than a lease's ttl, may on its thaw revoke leases that were kept alive through its
 * successor (etcd issue 15247; the guard of 3.6 is skipped while the raft loop has just ticked).
 * Their holders are sure of locks that go to others; only fencing tokens protect. Here the tenures
 * whose holder was seen to go with its lease right after such a thaw count as ended by it; what
 * their clients were told does not matter, for they may have been frozen too. Nothing else is
 * excused.
 */
export function earlyEnds(events: readonly HistoryEvent[]): VoidedEvent[] {
  const thaws = events
    .filter((event): event is FaultEvent => event.kind === "fault")
    .filter(({ target, what }) => target.startsWith("etcd leader") && what.startsWith("SIGSTOP"))
    .filter(({ atMs, untilMs }) => untilMs - atMs >= freezeMsMin)
    .map(({ untilMs }) => untilMs);
  const opsOf = opsByHolder(events);
  return events.flatMap((event): VoidedEvent[] => {
    if (event.kind !== "lease-ended") return [];
    const thawMs = thaws.find((ms) => event.atMs >= ms && event.atMs < ms + aftermathMs);
    if (thawMs === undefined) return [];
    const ops = opsOf.get(holderKey(event.lock, event.createRevision)) ?? [];
    return ops.map((op) => ({ kind: "voided", atMs: thawMs, op }));
  });
}

/** Shared grants that were promoted together have one token, and so one entry. */
function opsByHolder(events: readonly HistoryEvent[]): Map<string, string[]> {
  const locks = new Map<string, string>();
  const ops = new Map<string, string[]>();
  for (const event of events) {
    if (event.kind === "invoke") locks.set(event.op, event.lock);
    if (event.kind !== "return" || event.token === undefined) continue;
    const revision = String(tokenRevision(BigInt(event.token)));
    const key = holderKey(locks.get(event.op) ?? "", revision);
    ops.set(key, [...(ops.get(key) ?? []), event.op]);
  }
  return ops;
}

function holderKey(lock: string, createRevision: string): string {
  return `${lock} ${createRevision}`;
}
