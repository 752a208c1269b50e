import { describe, expect, it } from "vitest";
import { SafetyChecker } from "./safety-checker.ts";
import type { SafetyRule, SafetyStep, SafetyViolation } from "./safety-step.ts";
import { ShardScript } from "./testing/shard-script.ts";

const fresh = { locksMax: 100, isFromBeginning: true };

function check(steps: readonly SafetyStep[], checker = new SafetyChecker(fresh)) {
  return steps.flatMap((step): SafetyViolation[] => checker.step(step));
}

const rules = (steps: readonly SafetyStep[], checker?: SafetyChecker): SafetyRule[] =>
  check(steps, checker).map(({ rule }) => rule);

describe("a local lock that breaks one rule alone", () => {
  it("two who each have it alone are found, with everything that is known of it", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5), us.granted("b", 6)];
    expect(check(steps)).toEqual([
      {
        rule: "two-exclusive",
        lock: "orders",
        grants: ["a", "b"],
        position: { cluster: "us-1", revision: 102n, index: 0 },
        atMs: 1020,
        message: "b (exclusive, token 6) was granted while a (exclusive, token 5) held the lock",
      },
    ]);
  });

  it("one that shares it beside one that has it alone is found, in either order", () => {
    const us = new ShardScript();
    expect(rules([us.granted("a", 5, "shared"), us.granted("b", 6)])).toEqual([
      "shared-with-exclusive",
    ]);
    expect(rules([us.granted("a", 5), us.granted("b", 6, "shared")])).toEqual([
      "shared-with-exclusive",
    ]);
  });

  it("a later holder with a lower token, or the same one, is found", () => {
    for (const token of [4, 5]) {
      const us = new ShardScript();
      const steps = [us.granted("a", 5), us.ended("a", 5), us.granted("b", token)];
      expect(check(steps)).toMatchObject([{ rule: "token-not-risen", grants: ["b"] }]);
    }
  });

  it("one that shares it under the token of another, but was let in later, is found", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5, "shared"), us.granted("b", 5, "shared")];
    expect(rules(steps)).toEqual(["token-not-risen"]);
  });

  it("an end without a grant is found, and one of a grant with another token", () => {
    const us = new ShardScript();
    expect(rules([us.ended("a", 5)])).toEqual(["unmatched-end"]);
    expect(rules([us.granted("a", 5), us.ended("b", 5)])).toEqual(["unmatched-end"]);
    expect(rules([us.granted("a", 5), us.ended("a", 4)])).toEqual(["unmatched-end"]);
    expect(rules([us.granted("a", 5), us.ended("a", 5), us.ended("a", 5, "expired")])).toEqual([
      "unmatched-end",
    ]);
  });

  it("a grant id that is granted again while it holds the lock is found", () => {
    const us = new ShardScript();
    expect(rules([us.granted("a", 5), us.granted("a", 6)])).toEqual(["granted-twice"]);
  });

  it("what was planted does not bring an alarm at what comes after it", () => {
    const us = new ShardScript();
    const planted = [us.granted("a", 5), us.granted("b", 6), us.ended("a", 5), us.ended("b", 6)];
    expect(rules([...planted, us.granted("c", 7), us.ended("c", 7)])).toEqual(["two-exclusive"]);
  });
});

describe("a local lock that is kept safe", () => {
  it("goes from one to the next by release, expiry and force, also within one revision", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5), us.ended("a", 5), us.together(us.granted("b", 6))];
    steps.push(us.ended("b", 6, "expired"), us.granted("c", 9), us.ended("c", 9, "forced"));
    expect(check(steps)).toEqual([]);
  });

  it("may be shared by many, and those let in together have one token", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5), us.ended("a", 5)];
    steps.push(us.together(us.granted("b", 7, "shared")));
    steps.push(us.together(us.granted("c", 7, "shared")), us.granted("d", 8, "shared"));
    steps.push(us.ended("c", 7), us.ended("b", 7), us.ended("d", 8), us.granted("e", 9));
    expect(check(steps)).toEqual([]);
  });

  it("has nothing to do with another lock", () => {
    const us = new ShardScript();
    const one = us.granted("a", 5);
    us.lock = "invoices";
    expect(check([one, us.granted("b", 3)])).toEqual([]);
  });
});

describe("steps that were seen before", () => {
  it("change nothing, however often and from wherever they come again", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5), us.ended("a", 5), us.together(us.granted("b", 6))];
    steps.push(us.ended("b", 6), us.granted("c", 7));
    const checker = new SafetyChecker(fresh);
    for (let from = 0; from < steps.length; from++) {
      expect(check([...steps, ...steps.slice(from)], checker)).toEqual([]);
    }
    expect(rules([us.granted("d", 8)], checker)).toEqual(["two-exclusive"]);
  });
});

describe("a gap in the history", () => {
  it("leaves nobody in place who is not found again", () => {
    const us = new ShardScript();
    expect(check([us.granted("a", 5), us.gap(), us.granted("b", 9), us.ended("b", 9)])).toEqual([]);
  });

  it("finds a holder again under its old token, and others who came meanwhile in any order", () => {
    const us = new ShardScript();
    const steps: SafetyStep[] = [us.granted("a", 5, "shared"), us.granted("b", 6, "shared")];
    steps.push(us.gap());
    steps.push(us.found("d", 9, "shared"), us.found("a", 5, "shared"), us.found("c", 8, "shared"));
    steps.push(us.ended("a", 5), us.ended("c", 8), us.ended("d", 9), us.granted("e", 10));
    expect(check(steps)).toEqual([]);
  });

  it("may come again while the shard is being read anew", () => {
    const us = new ShardScript();
    const steps: SafetyStep[] = [us.granted("a", 5, "shared"), us.gap()];
    steps.push(us.found("c", 9, "shared"), us.gap());
    steps.push(us.found("b", 8, "shared"), us.found("c", 9, "shared"), us.found("a", 5, "shared"));
    steps.push(us.ended("b", 8), us.ended("c", 9), us.ended("a", 5));
    expect(check(steps)).toEqual([]);
  });

  it("may be one lock's alone", () => {
    const us = new ShardScript();
    const held = us.granted("a", 5);
    expect(check([held, us.gap("orders"), us.granted("b", 6)])).toEqual([]);
    expect(rules([held, us.gap("invoices"), us.granted("b", 6)])).toEqual(["two-exclusive"]);
  });

  it("of another cluster, or of before, leaves a lock alone", () => {
    const us = new ShardScript();
    const early = us.gap();
    const steps = [us.granted("a", 5), new ShardScript("us", "us-2").gap(), early];
    expect(rules([...steps, us.granted("b", 6)])).toEqual(["two-exclusive"]);
  });

  it("does not hide what is wrong with what is found", () => {
    const us = new ShardScript();
    const held = [us.granted("a", 5), us.gap()];
    expect(rules([...held, us.found("b", 8), us.found("c", 9)])).toEqual(["two-exclusive"]);
    expect(rules([...held, us.found("b", 4)])).toEqual(["token-not-risen"]);
    expect(rules([...held, us.found("a", 4)])).toEqual(["token-not-risen"]);
    expect(rules([...held, us.found("b", 9), us.granted("c", 8), us.ended("b", 9)])).toEqual([
      "two-exclusive",
      "token-not-risen",
    ]);
  });
});

describe("a lock that goes on in another shard", () => {
  it("begins anew there, above the tokens it had, whatever still comes from the old one", () => {
    const old = new ShardScript("us", "us-1");
    const next = new ShardScript("us", "us-2");
    const steps = [old.granted("a", 5), next.granted("b", 1000), old.ended("a", 5)];
    steps.push(old.granted("x", 6), next.ended("b", 1000), next.granted("c", 1001));
    expect(check(steps)).toEqual([]);
    expect(rules([old.granted("a", 5), next.granted("b", 4)])).toEqual(["token-not-risen"]);
  });

  it("an end from a shard that never granted it is nobody's", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5), new ShardScript("us", "us-2").ended("b", 3)];
    expect(rules([...steps, us.granted("c", 6)])).toEqual(["two-exclusive"]);
  });
});

describe("a checker that starts in the middle", () => {
  const late = () => new SafetyChecker({ locksMax: 100, isFromBeginning: false });

  it("lets go whom it never saw come, until the lock was exclusive once", () => {
    const us = new ShardScript();
    const steps = [us.granted("c", 7, "shared"), us.ended("a", 5), us.ended("b", 6)];
    steps.push(us.ended("c", 7), us.granted("d", 8), us.ended("d", 8));
    const checker = late();
    expect(check(steps, checker)).toEqual([]);
    expect(rules([us.ended("e", 9)], checker)).toEqual(["unmatched-end"]);
  });

  it("sees at once what is wrong among those it saw come", () => {
    const us = new ShardScript();
    expect(rules([us.granted("a", 5), us.granted("b", 6)], late())).toEqual(["two-exclusive"]);
  });
});

describe("a checker with little room", () => {
  it("forgets the lock that was idle for longest, and a held one only if there is no other", () => {
    const us = new ShardScript();
    const checker = new SafetyChecker({ locksMax: 2, isFromBeginning: true });
    const at = (lock: string, step: () => SafetyStep): SafetyRule[] => {
      us.lock = lock;
      return rules([step()], checker);
    };
    expect(at("held", () => us.granted("a", 5))).toEqual([]);
    expect(at("idle", () => us.granted("b", 5))).toEqual([]);
    expect(at("idle", () => us.ended("b", 5))).toEqual([]);
    expect(at("third", () => us.granted("c", 5))).toEqual([]);
    expect(checker.locks).toBe(2);
    // "idle" is gone, so its tokens may seem to fall; "held" is not.
    expect(at("held", () => us.granted("x", 6))).toEqual(["two-exclusive"]);
    expect(at("fourth", () => us.granted("d", 5))).toEqual([]);
    // "third" was held and is forgotten: the end of its holder is no alarm.
    expect(at("third", () => us.granted("e", 6, "shared"))).toEqual([]);
    expect(at("third", () => us.ended("c", 5))).toEqual([]);
  });
});

describe("a checker that is saved", () => {
  it("goes on from plain JSON where it was, with some steps again", () => {
    const us = new ShardScript();
    const steps = [us.granted("a", 5), us.ended("a", 5), us.granted("b", 6, "shared"), us.gap()];
    const before = new SafetyChecker(fresh);
    expect(check(steps, before)).toEqual([]);
    const saved = before.save();
    expect(JSON.parse(JSON.stringify(saved))).toEqual(saved);
    const after = SafetyChecker.restore(JSON.parse(JSON.stringify(saved)), 100);
    expect(after.save()).toEqual(saved);
    expect(check([...steps.slice(1), us.found("b", 6, "shared")], after)).toEqual([]);
    expect(rules([us.granted("c", 7)], after)).toEqual(["shared-with-exclusive"]);
  });

  it("keeps no more locks than it has room for now", () => {
    const us = new ShardScript();
    const before = new SafetyChecker(fresh);
    for (const lock of ["one", "two", "three"]) {
      us.lock = lock;
      before.step(us.granted("a", 5));
    }
    const after = SafetyChecker.restore(before.save(), 1);
    expect(after.locks).toBe(1);
    expect(rules([us.granted("b", 6)], after)).toEqual(["two-exclusive"]);
  });
});
