import { expect, test } from "vitest";
import { checkHistory } from "./check-history.ts";
import { coverageOf } from "./coverage.ts";
import type { HistoryEvent } from "./history-event.ts";
import { timeLinePage } from "./time-line-page.ts";

test("a time line shows faults, holders with tokens, and writes that were refused", () => {
  const acquire = { kind: "invoke", client: "c0", lock: "x/<a>", mode: "exclusive" } as const;
  const write = { kind: "write", lock: "x/<a>", mode: "exclusive", token: "7" } as const;
  const events: HistoryEvent[] = [
    { ...acquire, atMs: 0, op: "c0.0/0", waitMs: 0 },
    { kind: "return", atMs: 20, op: "c0.0/0", result: "granted", token: "7" },
    { ...write, atMs: 30, op: "c0.0/0", accepted: true },
    { kind: "believes", atMs: 40, op: "c0.0/0", untilMs: 5_000 },
    { ...write, atMs: 9_000, op: "c0.0/0", accepted: false },
    { kind: "fault", atMs: 100, untilMs: 8_000, what: "SIGSTOP 8 s", target: "clients c0" },
  ];
  const verdict = checkHistory(events);
  const coverage = coverageOf(events, verdict.tenures, 0, 10_000);
  const judged = { drill: "made-up", seed: 1, coverage, verdict, shortfalls: [] };
  const page = timeLinePage({ ...judged, figures: { gap_elsewhere_ms: 12 } }, events);

  expect(page).toContain("<td>gap_elsewhere_ms<td>12");
  expect(page).toContain("SIGSTOP 8 s clients c0, 0.10 s to 8.00 s");
  expect(page).toContain("c0.0/0 exclusive, token 7, 0.02 s to the end");
  expect(page).toContain("c0.0/0 was refused with token 7");
  expect(page).toContain("&lt;a>");
  expect(page).not.toContain("<a>");
});
