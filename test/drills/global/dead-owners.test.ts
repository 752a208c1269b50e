import { expect, test } from "vitest";
import { HandmadeHistory } from "../../history/handmade-history.ts";
import { tenuresOf } from "../../history/tenure.ts";
import { inheritedInTime } from "./dead-owners.ts";

function findings(nextMs: number | undefined) {
  const history = new HandmadeHistory().asks("dead", 0).gets("dead", 10, 1);
  history.believes("dead", 950, 5_000);
  history.events.push({ kind: "died", atMs: 1_000, client: "dead" });
  history.asks("heir", 900);
  if (nextMs !== undefined) history.gets("heir", nextMs, 2);
  const { events } = history;
  return inheritedInTime({ events, tenures: tenuresOf(events), startMs: 0, untilMs: 20_000 });
}

test("a dead owner's lock that goes to an heir in time is measured", () => {
  const figures = { inherited_locks: 1, inherited_ms_max: 5_500 };
  expect(findings(6_500)).toEqual({ problems: [], figures });
});

test("a dead owner's lock that goes to nobody, or late, is a problem", () => {
  expect(findings(undefined).problems[0]).toContain("never again");
  expect(findings(12_000).problems[0]).toContain("only after 11000 ms");
});
