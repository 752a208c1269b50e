import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import type { Standing } from "@holdfast/core/quorum/membership";
import { expect, test } from "vitest";
import { GlobalMembers } from "./global-members.ts";
import type { RegionMembership } from "./membership.ts";
import type { MembershipPeer, Readmission } from "./ports/membership-peer.ts";

const voting: Standing = {
  name: "s0",
  incarnation: "0123456789abcdef",
  generation: 2,
  state: "voting",
  why: "",
};
const healthy: RegionMembership = {
  region: "east",
  isHeard: true,
  problem: "",
  rttMs: 0,
  shards: [voting],
};
const readmission: Readmission = {
  kind: "readmission",
  region: "west",
  state: "copying",
  generation: 0,
  shards: ["s0"],
  copied: 0,
  problem: "",
};

function rig(
  regions: RegionMembership[],
  answers: Awaited<ReturnType<MembershipPeer["readmit"]>>[],
) {
  const clock = new ManualClock();
  let looks = 0;
  const status = () => ({ generation: 2, regions: looks === 0 ? [] : regions });
  const refresh = async () => {
    looks++;
  };
  const readmit = async () => answers.shift() ?? failure("SHARD_UNAVAILABLE", "away");
  const members = new GlobalMembers({
    membership: { region: "east", status, refresh, readmit },
    peers: [{ region: "west", readmit } as unknown as MembershipPeer],
    votesOf: (region) => {
      if (region === "east") return undefined;
      return { reachable: false, rttMs: 70, problem: "no connection to 127.0.0.1:1" };
    },
    surroundings: { clock, random: new SeededRandom(1) },
  });
  return { clock, members };
}

test("how the regions are is looked at anew each time", async () => {
  const { members } = rig([healthy], []);
  expect([...(await members.members()).keys()]).toEqual(["east"]);
});

test("a region votes only where every shard of it does", async () => {
  const silent: Standing = { ...voting, name: "s1", generation: 0, state: "silent", why: "new" };
  const { members } = rig([healthy, { ...healthy, region: "west", shards: [voting, silent] }], []);
  const seen = await members.members();
  expect(seen.get("east")).toEqual({
    reachable: true,
    rttMs: 0,
    problem: "",
    incarnation: "s0:01234567",
    generation: 2,
    votes: true,
  });
  expect(seen.get("west")).toMatchObject({
    reachable: false,
    rttMs: 70,
    problem: "shard s1 is silent: new",
    generation: 0,
    votes: false,
  });
});

test("a re-admission is followed to its end, through questions without an answer", async () => {
  const { clock, members } = rig(
    [],
    [
      readmission,
      failure("SHARD_UNAVAILABLE", "away"),
      { ...readmission, copied: 5 },
      { ...readmission, state: "whole", generation: 3, copied: 9 },
    ],
  );
  const heard: number[] = [];
  const done = members.readmit(
    "west",
    ({ registersCopied }) => heard.push(registersCopied),
    new Cancellation(),
  );
  await clock.advance(5_000);
  expect(await done).toEqual({ kind: "readmitted", registersCopied: 9, generation: 3 });
  expect(heard).toEqual([0, 5]);
});

test("a re-admission that stopped says why, and one nobody waits for is let go", async () => {
  const stopped = rig([], [{ ...readmission, state: "failed", problem: "south is away" }]);
  const outcome = await stopped.members.readmit("west", () => {}, new Cancellation());
  expect(outcome).toHaveProperty("message", expect.stringContaining("south is away"));
  const { members } = rig([], [readmission]);
  const cancellation = new Cancellation();
  const left = members.readmit("west", () => cancellation.cancel(), cancellation);
  expect(await left).toMatchObject({ code: "SHARD_UNAVAILABLE" });
});

test("a region that is none of the three is refused by its name", async () => {
  const { members } = rig([], []);
  const outcome = await members.readmit("mars", () => {}, new Cancellation());
  expect(outcome).toMatchObject({ code: "INVALID_ARGUMENT", field: "region" });
});
