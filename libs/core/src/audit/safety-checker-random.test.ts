import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Mode } from "../lock/lock-id.ts";
import { SafetyChecker } from "./safety-checker.ts";
import type { GrantSeen, SafetyStep, SafetyViolation } from "./safety-step.ts";
import { Choices } from "./testing/choices.ts";
import { LockModel } from "./testing/lock-model.ts";
import { RegisterModel } from "./testing/register-model.ts";

// They compute, for as long as a busy machine takes over it.
vi.setConfig({ testTimeout: 60_000 });

const locks = ["orders", "invoices", "stock"];
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const onceFailed: [seed: number, gaps: boolean][] = [
  // A grant that attempts had shown to end was forgotten, and shown again.
  [42_549_140, true],
  [1_586_675_098, true],
  // A gap hid that a holder came back, after an attempt without it.
  [370_162_638, true],
  // An attempt had renewed one delegation under the counter that another was given.
  [67_730_402, true],
];
const whole = { locksMax: 100, isFromBeginning: true };

function check(steps: readonly SafetyStep[], checker = new SafetyChecker(whole)) {
  return steps.flatMap((step): SafetyViolation[] => checker.step(step));
}

/**
 * {@link check}, where the checker starts anew from what it saved, a little before where it was.
 */
function checkWithRestarts(steps: readonly SafetyStep[], choices: Choices): SafetyViolation[] {
  let checker = new SafetyChecker(whole);
  const found: SafetyViolation[] = [];
  for (let next = 0; next < steps.length; next++) {
    found.push(...checker.step(steps[next]!));
    if (!choices.oneIn(20)) continue;
    checker = SafetyChecker.restore(JSON.parse(JSON.stringify(checker.save())), 100);
    next = Math.max(-1, next - choices.below(10));
  }
  return found;
}

describe("legal histories of local locks", () => {
  it("raise nothing, with gaps, repeats and restarts of the checker", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const choices = new Choices(seed);
        const steps = new LockModel(choices, locks).run(120, { gaps: true, repeats: true });
        expect(check(steps)).toEqual([]);
        expect(checkWithRestarts(steps, choices)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("raise nothing in a checker that has room for one lock, or starts in the middle", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const choices = new Choices(seed);
        const steps = new LockModel(choices, locks).run(120, { gaps: true, repeats: true });
        for (const locksMax of [1, 2]) {
          expect(check(steps, new SafetyChecker({ locksMax, isFromBeginning: true }))).toEqual([]);
        }
        const late = new SafetyChecker({ locksMax: 100, isFromBeginning: false });
        expect(check(steps.slice(choices.below(steps.length + 1)), late)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** The state of a lock after `steps`, by the simplest of means. */
function standing(steps: readonly SafetyStep[], lock: string) {
  const holders = new Map<string, GrantSeen>();
  let last: GrantSeen | undefined;
  for (const step of steps) {
    if (step.kind === "gap" || step.lock !== lock) continue;
    if (step.kind === "ended") {
      holders.delete(step.grantId);
      continue;
    }
    holders.set(step.grantId, step);
    last = step;
  }
  return { holders: [...holders.values()], last };
}

/** What to plant at a moment, where it is against one rule alone; undefined where it is not. */
const plants: Record<
  string,
  (at: ReturnType<typeof standing>) => Pick<GrantSeen, "grantId" | "token" | "mode"> | undefined
> = {
  "two-exclusive": ({ holders: [holder], last }) =>
    holder?.mode === "exclusive" && last !== undefined
      ? { grantId: "planted", token: last.token + 1n, mode: "exclusive" }
      : undefined,
  "shared-with-exclusive": ({ holders: [holder], last }) =>
    holder !== undefined && last !== undefined
      ? {
          grantId: "planted",
          token: last.token + 1n,
          mode: holder.mode === "shared" ? "exclusive" : "shared",
        }
      : undefined,
  "token-not-risen": ({ holders, last }) =>
    holders.length === 0 && last !== undefined
      ? { grantId: "planted", token: last.token, mode: "exclusive" }
      : undefined,
  "granted-twice": ({ holders: [holder], last }) =>
    holder !== undefined && last !== undefined
      ? { grantId: holder.grantId, token: last.token + 1n, mode: holder.mode }
      : undefined,
};

describe("a step planted into a legal history of local locks", () => {
  it.each([...Object.keys(plants), "unmatched-end"])("is found as %s, at that step", (rule) => {
    let planted = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const choices = new Choices(seed);
        const steps = new LockModel(choices, locks).run(80, { gaps: false, repeats: false });
        const at = choices.below(steps.length);
        const before = steps.slice(0, at + 1);
        const { region, position, atMs } = steps[at]!;
        const seen = { region, atMs, position: { ...position, index: position.index + 100 } };
        // Not in the middle of a revision: its other steps would stand before what is planted.
        if (steps[at + 1]?.position.revision === position.revision) return;
        const lock = choices.of(locks);
        const grant = plants[rule]?.(standing(before, lock));
        if (grant === undefined && rule !== "unmatched-end") return;
        const step: SafetyStep =
          grant === undefined
            ? { kind: "ended", lock, grantId: "planted", token: 1n, cause: "released", ...seen }
            : { kind: "granted", lock, ...grant, ...seen };
        planted++;
        const [first] = check([...before, step, ...steps.slice(at + 1)]);
        expect(first).toMatchObject({ rule, lock, position: seen.position });
      }),
      { numRuns: 300 },
    );
    expect(planted).toBeGreaterThan(20);
  });
});

describe("legal histories of a global lock", () => {
  it("raise nothing, with attempts that were not chosen, late regions, gaps and restarts", () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, gaps) => {
        const choices = new Choices(seed);
        const model = new RegisterModel(choices);
        model.run(120, gaps);
        const steps = model.merged(true);
        expect(check(steps)).toEqual([]);
        expect(checkWithRestarts(steps, choices)).toEqual([]);
        const late = new SafetyChecker({ locksMax: 100, isFromBeginning: false });
        expect(check(steps.slice(choices.below(steps.length + 1)), late)).toEqual([]);
      }),
      { numRuns: 400, examples: onceFailed },
    );
  });
});

describe("a grant planted into a legal history of a global lock", () => {
  it("is found beside the holder there is, however late the regions tell of it", () => {
    const modes = fc.constantFrom<Mode>("exclusive", "shared");
    fc.assert(
      fc.property(seeds, modes, (seed, mode) => {
        const choices = new Choices(seed);
        const model = new RegisterModel(choices);
        model.run(choices.below(40), false);
        model.round((base) => model.replace(base, mode), true);
        const after = model.round((base) => model.grant(base, "exclusive"), true);
        const [holder, planted] = after!.holders.map(({ grantId }) => grantId);
        const [first] = check(model.merged(false));
        const rule = mode === "shared" ? "shared-with-exclusive" : "two-exclusive";
        expect(first).toMatchObject({ rule });
        expect(first?.grants.toSorted()).toEqual([holder, planted].toSorted());
      }),
      { numRuns: 200 },
    );
  });
});
