import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { expect, test } from "vitest";
import type { GlobalContext } from "./global-context.ts";
import { GlobalRegister } from "./global-register.ts";
import type { VotingRegion } from "./ports/voting-region.ts";

test("what is older than what is known already is told to nobody", async () => {
  const surroundings = { clock: new ManualClock(), random: new SeededRandom(1) };
  let version = 2;
  const read = async () => {
    const ballot = { round: version, proposer: 1, incarnation: 1 };
    const accepted = { ballot, value: { ...emptyRegister, version } };
    return { kind: "shown", accepted, live: [], halfTrusted: false } as const;
  };
  const regions = ["a", "b", "c"].map((region) => ({ region, read }) as unknown as VotingRegion);
  const register = new GlobalRegister(
    {
      region: "a",
      regions,
      surroundings,
      ballots: new BallotSource(1, 1),
      generation: () => 1,
      onGeneration: () => {},
      roundTripMs: () => 10,
    } as unknown as GlobalContext,
    { namespace: "default", name: "l" },
  );
  const told: number[] = [];
  register.listen(({ value }) => told.push(value.version));
  const look = async () => {
    const looking = register.look();
    await surroundings.clock.advance(100);
    await looking;
  };
  await look();
  version = 1;
  await look();
  expect(new Set(told)).toEqual(new Set([2]));
  expect(register.newest?.version).toBe(2);
});
