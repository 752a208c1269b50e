import { expect, test } from "vitest";
import { defaultDelegationPolicy, isRecallDue, wasTwiceInARow } from "./recall.ts";

const policy = { ...defaultDelegationPolicy, handOversMax: 3, recallMs: 2_000 };

test.each([
  ["nobody else waits", undefined, 10_000, false],
  [
    "one waits, and it was handed over less than that",
    { sinceMs: 100, handOvers: 2 },
    2_099,
    false,
  ],
  ["it was handed over as often as may be", { sinceMs: 100, handOvers: 3 }, 101, true],
  ["one waits for as long as may be", { sinceMs: 100, handOvers: 0 }, 2_100, true],
])("recalled? %s", (_, recall, nowMs, isDue) => {
  expect(isRecallDue(recall, policy, nowMs)).toBe(isDue);
});

test("a region that got the lock twice with nobody between is told by the counters", () => {
  expect(wasTwiceInARow(undefined, 5n << 20n)).toBe(false);
  expect(wasTwiceInARow(4n << 20n, 5n << 20n)).toBe(true);
  expect(wasTwiceInARow((4n << 20n) | 9n, 5n << 20n)).toBe(true);
  expect(wasTwiceInARow(3n << 20n, 5n << 20n)).toBe(false);
});
