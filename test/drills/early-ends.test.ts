import { expect, test } from "vitest";
import { checkHistory } from "../history/check-history.ts";
import { HandmadeHistory } from "../history/handmade-history.ts";
import type { HistoryEvent } from "../history/history-event.ts";
import { earlyEnds } from "./early-ends.ts";

const thaw = (target: string): HistoryEvent => {
  return { kind: "fault", atMs: 5_000, untilMs: 15_000, what: "SIGSTOP 10 s", target };
};

/** a is told at 15.2 s that its session has ended; b got the lock at 15.1 s. */
function overlap(fault: HistoryEvent, why: string): readonly HistoryEvent[] {
  const { events } = new HandmadeHistory().asks("a", 14_000).gets("a", 14_001, 1).asks("b", 14_002);
  events.push({ kind: "return", atMs: 15_100, op: "b", result: "granted", token: "2" });
  events.push({ kind: "lost", atMs: 15_200, op: "a", why }, fault);
  return events;
}

function violations(events: readonly HistoryEvent[]): number {
  return checkHistory([...events, ...earlyEnds(events)]).violations.length;
}

test("a lease that etcd's thawed leader revoked early is excused", () => {
  expect(violations(overlap(thaw("etcd leader m1"), "session-expired"))).toBe(0);
});

test("an overlap at any other time, or for any other reason, is not", () => {
  expect(violations(overlap(thaw("router r0"), "session-expired"))).toBeGreaterThan(0);
  expect(violations(overlap(thaw("etcd leader m1"), "expired"))).toBeGreaterThan(0);
  const short = { ...thaw("etcd leader m1"), atMs: 12_000 } as HistoryEvent;
  expect(violations(overlap(short, "session-expired"))).toBeGreaterThan(0);
  const late = { ...thaw("etcd leader m1"), untilMs: 10_000 } as HistoryEvent;
  expect(violations(overlap(late, "session-expired"))).toBeGreaterThan(0);
});
