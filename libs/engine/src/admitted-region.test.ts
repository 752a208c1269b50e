import { failure } from "@holdfast/base/failure";
import type { OtherGeneration } from "@holdfast/core/quorum/message";
import { expect, test } from "vitest";
import { AdmittedRegion } from "./admitted-region.ts";
import type { VotingRegion } from "./ports/voting-region.ts";
import { ballot } from "./testing/member-regions.ts";

const lock = { namespace: "default", name: "everywhere" };

function rig(generation: number) {
  const seen: number[] = [];
  let refusal = undefined as ReturnType<typeof failure> | undefined;
  const reply: OtherGeneration = { kind: "other-generation", generation };
  const votes = { region: "east", prepare: async () => reply, read: async () => reply };
  const admitted = new AdmittedRegion(votes as unknown as VotingRegion, {
    refusal: () => refusal,
    onGeneration: (each) => seen.push(each),
  });
  const refuse = () => {
    refusal = failure("SHARD_UNAVAILABLE", "not the cluster that is to vote here");
  };
  return { admitted, seen, refuse };
}

test("whoever is behind is told so, and its generation is heard of", async () => {
  const { admitted, seen } = rig(3);
  expect(await admitted.read(lock, 2, 100)).toEqual({ kind: "other-generation", generation: 3 });
  expect(seen).toEqual([2, 3]);
});

test.each([0, 1])("a region at generation %i gives no answer to who is at 2", async (own) => {
  const { admitted } = rig(own);
  const request = { ballot: ballot(1), generation: 2 };
  expect(await admitted.prepare(lock, request, 100)).toMatchObject({ kind: "failure" });
});

test("a region that must not vote is not even asked", async () => {
  const { admitted, refuse } = rig(3);
  refuse();
  expect(await admitted.read(lock, 2, 100)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
});
