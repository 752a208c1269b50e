import { expect, test } from "vitest";
import { coverageOf, shortfalls } from "./coverage.ts";
import { HandmadeHistory } from "./handmade-history.ts";
import type { HistoryEvent } from "./history-event.ts";
import { tenuresOf } from "./tenure.ts";

const floor = { perSecondMin: 0.1, overlap: 0.3 };

function measured(events: readonly HistoryEvent[], untilMs: number) {
  return coverageOf(events, tenuresOf(events), 0, untilMs);
}

test("a release that was under way during a fault overlaps it, an acquire before it does not", () => {
  const { events } = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).releases("a", 10, 12);
  events.push({ kind: "fault", atMs: 11, untilMs: 20, what: "kill", target: "r0" });
  expect(measured(events, 10_000)).toMatchObject({ operations: 2, overlap: 0.5, granted: 1 });
});

test("a run counts only if it went on in every stretch and enough of it met a fault", () => {
  const { events } = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).releases("a", 10, 12);
  expect(shortfalls(measured(events, 20_000), floor)).toEqual([
    "0.0 operations a second in its slowest 10000 ms; 0.1 is the floor",
    "0.0 % of the operations overlapped a fault; 30 % is the floor",
  ]);
  events.push({ kind: "fault", atMs: 0, untilMs: 20, what: "kill", target: "r0" });
  expect(shortfalls(measured(events, 10_000), floor)).toEqual([]);
});

test("a run in which next to nothing is granted does not count, however much was refused", () => {
  const { events } = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).releases("a", 10, 12);
  events.push({ kind: "fault", atMs: 0, untilMs: 20, what: "kill", target: "r0" });
  expect(shortfalls(measured(events, 10_000), { ...floor, grantsPerSecondMin: 1 })).toEqual([
    "0.10 grants a second; 1 is the floor",
  ]);
});
