import { SystemClock } from "@holdfast/base/clock";
import { isFailure } from "@holdfast/base/failure";
import { SystemRandom } from "@holdfast/base/random";
import type { Membership } from "@holdfast/engine/membership";
import { ballot, MemberRegions, registerOf } from "@holdfast/engine/testing/member-regions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StoreUnderTest, stores } from "./stores.ts";

const registers = 150;

async function readmitted(membership: Membership) {
  for (let turn = 0; turn < 200; turn++) {
    const told = await membership.readmit(5_000);
    if (isFailure(told) || told.state !== "copying") return told;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the re-admission does not end");
}

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`regions on ${name}`, () => {
    let started: StoreUnderTest[];
    beforeAll(async () => {
      started = await Promise.all([start(), start(), start()]);
    }, 60_000);
    afterAll(async () => {
      for (const each of started ?? []) await each[Symbol.asyncDispose]();
    });

    it("form one installation, lose a region and take it back", async () => {
      const surroundings = { clock: new SystemClock(), random: new SystemRandom() };
      const regions = new MemberRegions(
        started.map(({ store }) => [store]),
        surroundings,
      );
      const [east, west] = (await regions.form()) as [Membership, Membership, Membership];
      expect([east.generation(), west.generation()]).toEqual([1, 1]);
      const names = Array.from({ length: registers }, (_, index) => `lock-${index}`);
      for (const each of names) {
        expect(await regions.at(0).accept(each, 3, 1)).toMatchObject({ kind: "accepted" });
        expect(await regions.at(1).accept(each, 3, 1)).toMatchObject({ kind: "accepted" });
        expect(await regions.at(2).prepare(each, 8, 1)).toMatchObject({ kind: "promised" });
      }
      await regions.at(0).wipe();
      await regions.settle();
      expect(await regions.at(0).prepare("lock-0", 9, 1)).toMatchObject({ generation: 0 });
      expect(await readmitted(east)).toMatchObject({
        state: "whole",
        generation: 2,
        copied: 2 * registers,
      });
      await regions.settle();
      for (const each of names) {
        expect(await regions.at(0).prepare(each, 8, 2)).toEqual({
          kind: "refused",
          promised: ballot(8),
        });
        expect(await regions.at(0).prepare(each, 9, 2)).toMatchObject({
          accepted: { ballot: ballot(3), value: registerOf(`${each}-3`) },
          halfTrusted: true,
        });
        expect(await regions.at(1).prepare(each, 9, 1)).toMatchObject({ generation: 2 });
      }
      for (const each of [east, west]) each.stop();
    }, 60_000);
  });
}
