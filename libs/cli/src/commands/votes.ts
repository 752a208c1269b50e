import type { RegionVote } from "@holdfast/core/command/outcome";
import type { Invocation } from "../invocation.ts";
import { shortGrant } from "../output/short-grant.ts";

/** What each region says of a global lock, as a table. */
export async function printVotes(
  invocation: Invocation,
  votes: readonly RegionVote[],
): Promise<void> {
  await invocation.print("\n");
  await invocation.printTable(
    [
      { title: "REGION" },
      { title: "VOTE" },
      { title: "ROUND TRIP", align: "right" },
      { title: "BALLOT" },
      { title: "VERSION", align: "right" },
      { title: "TOKEN", align: "right" },
      { title: "ALIVE THERE", flexible: true },
    ],
    votes.map((vote) => [
      vote.region,
      vote.reachable ? "answered" : "silent",
      vote.reachable ? `${vote.rttMs.toFixed(1)}ms` : "-",
      vote.ballot === "" ? "-" : vote.ballot,
      vote.ballot === "" ? "-" : vote.version.toString(),
      vote.token === 0n ? "-" : vote.token.toString(),
      vote.live.map((grantId) => shortGrant(grantId)).join(" ") || "-",
    ]),
  );
  const problems = votes.filter(({ problem }) => problem !== "");
  if (problems.length === 0) return;
  const lines = problems.map(({ region, problem }) => `${region}: ${problem}`);
  await invocation.note(`\n${lines.join("\n")}\n`);
}

/** A region's vote for programs. */
export function jsonVote(vote: RegionVote): Record<string, unknown> {
  const { region, reachable, problem, rttMs, ballot, version, token, live } = vote;
  const known = ballot === "" ? {} : { ballot, version, token };
  return {
    region,
    reachable,
    ...(reachable ? { roundTripMs: rttMs } : {}),
    ...known,
    live,
    ...(problem === "" ? {} : { problem }),
  };
}
