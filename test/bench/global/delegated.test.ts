import { expect, test } from "vitest";
import { delegatedFigures } from "./delegated.ts";
import { type DelegatedAnswer, type DelegatedStep, delegatedSteps } from "./delegated-actor.ts";

function seen(times: Partial<Record<DelegatedStep, number>>, undelegated = 0): DelegatedAnswer {
  const steps = Object.fromEntries(
    delegatedSteps.map((step) => [step, { p50Ms: times[step] ?? Number.NaN, p99Ms: 0 }]),
  ) as DelegatedAnswer["steps"];
  return { turns: 10, steps, undelegated };
}

const near = {
  ...{ acquire: 6, handOver: 8, local: 4, localHandOver: 5, stretched: 65 },
  ...{ acquireAfterPause: 12, localAfterPause: 6 },
};
const far = {
  ...{ acquire: 5, handOver: 5, local: 5, localHandOver: 5, stretched: 135 },
  ...{ acquireAfterPause: 15, localAfterPause: 6 },
};

test("the worst region counts against a local lock, and the worst of acquire and hand-over", () => {
  const answers = new Map([
    ["us-east-1", seen(near)],
    ["us-west-2", seen(far)],
  ]);
  expect(delegatedFigures(answers)).toMatchObject({
    "global.delegated_vs_local": 2,
    "global.delegated_vs_local.re_acquire": 1.5,
    "global.delegated_vs_local.after_a_pause": 2.5,
    "global.delegated_vs_stretched": 5.5 / 100,
  });
});

test("grants of the register beyond one in ten are no figure of a delegated lock", () => {
  expect(() => delegatedFigures(new Map([["us-east-1", seen(near, 13)]]))).not.toThrow();
  expect(() => delegatedFigures(new Map([["us-east-1", seen(near, 14)]]))).toThrow(/^14 of 130/);
});
