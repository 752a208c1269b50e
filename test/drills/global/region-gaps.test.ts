import { expect, test } from "vitest";
import { HandmadeHistory } from "../../history/handmade-history.ts";
import { tenuresOf } from "../../history/tenure.ts";
import { longestGapMs } from "./region-gaps.ts";

test("the longest gap counts from the beginning, between grants, and to the end", () => {
  const history = new HandmadeHistory();
  for (const [index, ms] of [200, 300, 1_300, 1_500].entries()) {
    history.asks(`p${index}`, ms - 50).gets(`p${index}`, ms, index + 1);
  }
  const tenures = tenuresOf(history.events);
  expect(longestGapMs(tenures, "p", { fromMs: 0, untilMs: 2_000 })).toBe(1_000);
  expect(longestGapMs(tenures, "p", { fromMs: 0, untilMs: 3_000 })).toBe(1_500);
  expect(longestGapMs(tenures, "q", { fromMs: 0, untilMs: 3_000 })).toBe(3_000);
});
