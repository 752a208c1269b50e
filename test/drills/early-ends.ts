import type { FaultEvent, HistoryEvent, VoidedEvent } from "../history/history-event.ts";

/** A lease is revoked up to so long after the thaw, and its client hears of it by a heartbeat. */
const aftermathMs = 2_500;
/**
 * A lease was renewed at most a third of its ttl before the freeze, so a leader frozen for less
 * than half of it cannot think the lease over: the ttl of the drills is 6 s.
 */
const freezeMsMin = 3_500;

/**
 * What etcd itself does wrong, so that no run fails for it: a member that was frozen while it led,
 * for longer than a lease's ttl, may on its thaw revoke leases that were kept alive through its
 * successor (etcd issue 15247; the guard of 3.6 is skipped while the raft loop has just ticked).
 * Their holders are sure of locks that go to others; only fencing tokens protect. Here the tenures
 * that were told so right after such a thaw count as ended by it. Nothing else is excused.
 */
export function earlyEnds(events: readonly HistoryEvent[]): VoidedEvent[] {
  const thaws = events
    .filter((event): event is FaultEvent => event.kind === "fault")
    .filter(({ target, what }) => target.startsWith("etcd leader") && what.startsWith("SIGSTOP"))
    .filter(({ atMs, untilMs }) => untilMs - atMs >= freezeMsMin)
    .map(({ untilMs }) => untilMs);
  return events.flatMap((event): VoidedEvent[] => {
    if (!toldOfEnd(event)) return [];
    const thawMs = thaws.find((ms) => event.atMs >= ms && event.atMs < ms + aftermathMs);
    return thawMs === undefined ? [] : [{ kind: "voided", atMs: thawMs, op: event.op }];
  });
}

function toldOfEnd(event: HistoryEvent): event is HistoryEvent & { readonly op: string } {
  if (event.kind === "lost") return event.why === "session-expired";
  return event.kind === "released" && event.result === "not-held";
}
