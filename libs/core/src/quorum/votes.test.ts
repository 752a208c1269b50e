import { expect, test } from "vitest";
import { livenessOf, type Vote } from "./votes.ts";

/** Every way three regions can have answered so far, each `-` not at all. */
test("two of three decide, and a region that says nothing has no vote", () => {
  const kinds: (Vote | "-")[] = ["live", "not-live", "unknown", "-"];
  const table: Record<string, string> = {};
  for (const one of kinds) {
    for (const two of kinds) {
      for (const three of kinds) {
        const votes = [one, two, three].filter((vote) => vote !== "-");
        const count = (kind: Vote) => votes.filter((vote) => vote === kind).length;
        table[`${count("live")} live, ${count("not-live")} not`] = livenessOf(votes);
      }
    }
  }
  expect(table).toEqual({
    "3 live, 0 not": "alive",
    "2 live, 1 not": "alive",
    "2 live, 0 not": "alive",
    "1 live, 2 not": "gone",
    "1 live, 1 not": "undecided",
    "1 live, 0 not": "undecided",
    "0 live, 3 not": "gone",
    "0 live, 2 not": "gone",
    "0 live, 1 not": "undecided",
    "0 live, 0 not": "undecided",
  });
});
