import { expect, test } from "vitest";
import { HandmadeHistory } from "../../history/handmade-history.ts";
import type { HistoryEvent } from "../../history/history-event.ts";
import { tenuresOf } from "../../history/tenure.ts";
import { grantedMeanwhile, keptOver, shardsApart, takenOver } from "./delegated-locks.ts";
import { handOvers } from "./hand-overs.ts";

const region = "us-east-1";
const counter = 2 ** 20;

function aftermath({ events }: HandmadeHistory, fromMs: number, untilMs: number) {
  const fault = { what: "SIGSTOP", target: "", atMs: fromMs, untilMs } as const;
  const all: HistoryEvent[] = [...events, { kind: "fault", ...fault }];
  return { events: all, tenures: tenuresOf(all), startMs: 0, untilMs: 30_000 };
}

/** The lock is delegated to the region, and somebody elsewhere gets it then. */
function takenAt(ms: number, token = 2 * counter) {
  const history = new HandmadeHistory();
  history.asks("user-us-east-1-0", 0).gets("user-us-east-1-0", 10, counter + 1);
  history.asks("claimant-eu-west-1-0", 1_500).gets("claimant-eu-west-1-0", ms, token);
  return takenOver(aftermath(history, 1_000, 20_000), region, 1);
}

test("a delegated lock that others have in time is measured, and one that they have late is not well", () => {
  expect(takenAt(9_000).figures).toEqual({ delegated_locks: 1, taken_over_ms_max: 8_000 });
  expect(takenAt(9_000).problems).toEqual(["of two locks 1 were delegated to us-east-1"]);
  expect(takenAt(18_000).problems[0]).toContain("only after 17000 ms");
  expect(takenAt(9_000, counter + 2).problems[0]).toContain("never again");
});

test("a holder that is told of its loss when its coordinator is back did not keep the lock", () => {
  const holds = () => {
    const history = new HandmadeHistory().asks("lodger-us-east-1-0", 0);
    return history.gets("lodger-us-east-1-0", 10, counter + 1);
  };
  const kept = holds().believes("lodger-us-east-1-0", 9_000, 14_000);
  expect(keptOver(aftermath(kept, 1_000, 2_500)).figures.kept_over_deaths).toBe(1);
  const released = holds().believes("lodger-us-east-1-0", 900, 9_000);
  released.releases("lodger-us-east-1-0", 3_000);
  expect(keptOver(aftermath(released, 1_000, 2_500)).problems).toEqual([]);
  const lost = holds()
    .believes("lodger-us-east-1-0", 900, 4_000)
    .loses("lodger-us-east-1-0", 4_100);
  expect(keptOver(aftermath(lost, 1_000, 2_500)).problems[0]).toContain("was lost to lodger");
  // Away for so long, the delegation may have ended; but then nothing was shown.
  expect(keptOver(aftermath(lost, 1_000, 3_900)).problems).toEqual([
    "nobody kept a lock when the coordinator began again",
  ]);
  // A death that meets nobody shows nothing, whoever kept a lock over another one.
  const { events, ...rest } = aftermath(kept, 1_000, 2_500);
  const early = { kind: "fault", what: "SIGSTOP", target: "", atMs: 5, untilMs: 900 } as const;
  expect(keptOver({ ...rest, events: [...events, early] }).problems).toEqual([
    "of 2 deaths 1 befell somebody who had a lock",
  ]);
});

test("whoever is granted a lock while its region's shard is away is counted", () => {
  const history = new HandmadeHistory().asks("user-us-east-1-0", 3_000);
  history.gets("user-us-east-1-0", 4_000, counter);
  const meanwhile = grantedMeanwhile(aftermath(history, 1_000, 9_000), region);
  expect(meanwhile).toEqual({ problems: [], figures: { own_grants_meanwhile: 1 } });
  expect(grantedMeanwhile(aftermath(history, 5_000, 9_000), region).problems).toHaveLength(1);
});

test("locks that all stand still show nothing of two shards", () => {
  const history = new HandmadeHistory().asks("loyal-us-east-1-0", 0);
  history.gets("loyal-us-east-1-0", 10, counter + 1);
  const { problems } = shardsApart(aftermath(history, 1_000, 9_000));
  expect(problems[0]).toBe("1 locks stood still with one shard away, 0 went on");
});

test("a lock that a crowd wants and nobody gets for long is not well", () => {
  const crowd = (lastMs: number) => {
    const history = new HandmadeHistory().asks("a", 0).gets("a", 1_000, 1);
    const { events } = history.asks("b", 0).gets("b", lastMs, 2);
    const all = events.map((event) => ("lock" in event ? { ...event, lock: "run/hot" } : event));
    return handOvers({ events: all, tenures: tenuresOf(all), startMs: 0, untilMs: 31_000 });
  };
  const figures = { hand_overs_per_minute: 4, longest_gap_ms: 19_000 };
  expect(crowd(12_000)).toEqual({ problems: [], figures });
  expect(crowd(30_000).problems).toEqual(["nobody got the lock that all want for 29000 ms"]);
});
