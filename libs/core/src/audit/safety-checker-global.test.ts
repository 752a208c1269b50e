import { describe, expect, it } from "vitest";
import { SafetyChecker } from "./safety-checker.ts";
import type { RegisterCopy, SafetyRule, SafetyStep } from "./safety-step.ts";
import { counted, ShardScript } from "./testing/shard-script.ts";

function rules(
  steps: readonly SafetyStep[],
  checker = new SafetyChecker({ locksMax: 100, isFromBeginning: true }),
): SafetyRule[] {
  return steps.flatMap((step) => checker.step(step)).map(({ rule }) => rule);
}

const regions = () => ["us", "eu", "ap"].map((region) => new ShardScript(region));
const scripts = () => regions() as [ShardScript, ShardScript, ShardScript];

const at = (version: number, ballot = `b${version}`): RegisterCopy => ({ version, ballot });
const toUs = (version: number): RegisterCopy => ({ ...at(version), delegatedTo: "us" });

/** A grant and its end as one region shows them. */
function tenure(
  script: ShardScript,
  grantId: string,
  counter: number,
  from: number,
  until: number,
) {
  return [
    script.granted(grantId, counted(counter), "exclusive", at(from)),
    script.ended(grantId, counted(counter), "released", at(until)),
  ];
}

describe("a global lock that breaks one rule alone", () => {
  it("two tenures that share a version are found once two regions show both of them", () => {
    const [us, eu] = scripts();
    const alone = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(5)));
    const beside = [us, eu].map((region) => region.granted("b", counted(2), "exclusive", at(6)));
    expect(rules([...alone, beside[0]!])).toEqual([]);
    expect(rules([...alone, ...beside])).toEqual(["two-exclusive"]);
  });

  it("they are found also when one region tells of both ends before another tells of anything", () => {
    const [us, eu] = scripts();
    const story = (region: ShardScript) => [
      region.granted("a", counted(1), "exclusive", at(5)),
      region.granted("b", counted(2), "exclusive", at(6)),
      region.ended("a", counted(1), "released", at(7)),
      region.ended("b", counted(2), "released", at(8)),
    ];
    expect(rules([...story(us), ...story(eu)])).toEqual(["two-exclusive"]);
  });

  it("one region that forgot a holder lets the next in beside it, and that is found", () => {
    const [us, eu, ap] = scripts();
    const steps = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(5)));
    // The second shows no end of the first, and the third never heard of it.
    steps.push(eu.granted("b", counted(2), "exclusive", at(6)));
    steps.push(ap.granted("b", counted(2), "exclusive", at(6)));
    expect(rules(steps)).toEqual(["two-exclusive"]);
  });

  it("one that shares it beside one that has it alone is found", () => {
    const [us, eu] = scripts();
    const steps = [us, eu].flatMap((region) => [
      region.granted("a", counted(1), "shared", at(5)),
      region.granted("b", counted(2), "exclusive", at(6)),
    ]);
    expect(rules(steps)).toEqual(["shared-with-exclusive"]);
  });

  it("a token that falls or stays from version to version is found", () => {
    for (const counter of [3, 4]) {
      const [us, eu] = scripts();
      const story = (region: ShardScript) => [
        ...tenure(region, "a", 4, 5, 6),
        ...tenure(region, "b", counter, 7, 8),
      ];
      expect(rules([...story(us), ...story(eu)])).toEqual(["token-not-risen"]);
    }
  });

  it("an end of what the same region never showed is found", () => {
    const [us, eu] = scripts();
    const steps = [us.granted("a", counted(1), "exclusive", at(5))];
    expect(rules([...steps, eu.ended("a", counted(1), "released", at(6))])).toEqual([
      "unmatched-end",
    ]);
  });

  it("a grant id that has two tokens at once is found", () => {
    const [us, eu] = scripts();
    const steps = [us, eu].flatMap((region) => [
      region.granted("a", counted(1), "shared", at(5)),
      region.granted("a", counted(2), "shared", at(6)),
    ]);
    expect(rules(steps)).toEqual(["granted-twice"]);
  });
});

describe("a global lock that is kept safe", () => {
  it("goes from one to the next, in whatever order the regions tell of it", () => {
    const [us, eu, ap] = scripts();
    const story = (region: ShardScript) => [
      ...tenure(region, "a", 1, 5, 6),
      region.together(region.granted("b", counted(2), "exclusive", at(6))),
      region.ended("b", counted(2), "expired", at(9)),
      region.granted("c", counted(3), "shared", at(9)),
      region.granted("d", counted(4), "shared", at(9)),
    ];
    const [first, second, third] = [story(us), story(eu), story(ap)];
    expect(rules([...first, ...second, ...third])).toEqual([]);
    const inTurns = first.flatMap((step, index) => [third[index]!, step, second[index]!]);
    expect(rules(inTurns)).toEqual([]);
  });

  it("may leave versions out in a region, which then shows an end late or not at all", () => {
    const [us, eu, ap] = scripts();
    const steps = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(5)));
    const end = us.ended("a", counted(1), "released", at(6));
    const next = [us, ap].map((region) => region.granted("b", counted(2), "exclusive", at(7)));
    // The second region was away from version 5 to 9.
    const late = [
      eu.ended("a", counted(1), "released", at(9)),
      eu.granted("b", counted(2), "exclusive", at(9)),
    ];
    expect(rules([...steps, end, ...next, ...late])).toEqual([]);
  });

  it("has copies that were never chosen, which count for nothing", () => {
    const [us, eu, ap] = scripts();
    const steps = [
      us.granted("a", counted(1), "exclusive", at(5, "b1")),
      eu.granted("b", counted(1), "exclusive", at(5, "b2")),
      ap.granted("b", counted(1), "exclusive", at(5, "b2")),
      us.ended("a", counted(1), "released", at(5, "b2")),
      us.together(us.granted("b", counted(1), "exclusive", at(5, "b2"))),
    ];
    expect(rules(steps)).toEqual([]);
    const [west, east] = scripts();
    const unlike = [
      west.granted("a", counted(1), "exclusive", at(5, "b1")),
      east.granted("a", counted(1), "exclusive", at(5, "b2")),
      west.granted("b", counted(2), "exclusive", at(6)),
      east.granted("b", counted(2), "exclusive", at(6)),
    ];
    expect(rules(unlike)).toEqual([]);
  });

  it("an end that nobody chose is taken back by a choice that still has the holder", () => {
    const [us, eu] = scripts();
    const steps = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(5)));
    const unchosen = us.ended("a", counted(1), "released", at(6, "b?"));
    const again = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(8)));
    const beside = [us, eu].map((region) => region.granted("b", counted(2), "exclusive", at(9)));
    expect(rules([...steps, unchosen, ...again])).toEqual([]);
    expect(rules([...steps, unchosen, ...again, ...beside])).toEqual(["two-exclusive"]);
  });

  it("is not accused of an end that is lost in a gap, or with a region's data", () => {
    for (const loss of ["gap", "data"] as const) {
      const [us, eu, ap] = scripts();
      const held = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(5)));
      const returned = loss === "gap" ? eu : new ShardScript("eu", "eu-2");
      const steps: SafetyStep[] = [...held];
      if (loss === "gap") steps.push(eu.gap());
      // The first is away; version 6 ended it by the votes of the other two.
      steps.push(returned.found("b", counted(2), "exclusive", at(7)));
      steps.push(ap.granted("b", counted(2), "exclusive", at(7)));
      for (const region of [returned, ap]) {
        steps.push(region.ended("b", counted(2), "released", at(8)));
        steps.push(region.granted("c", counted(3), "exclusive", at(9)));
      }
      expect(rules(steps)).toEqual([]);
    }
  });

  it("is not accused where a gap hides that a holder came back, after an attempt without it", () => {
    for (const isLost of [true, false]) {
      const [us, eu, ap] = scripts();
      const steps: SafetyStep[] = [
        ap.granted("a", counted(1), "exclusive", at(5)),
        ap.ended("a", counted(1), "released", at(6, "attempt")),
        ap.granted("x", counted(2), "exclusive", at(6, "attempt")),
        // In the same vote it shows the holder again, and after it the end: what the gap hides.
        ap.ended("x", counted(2), "expired", at(5, "again")),
      ];
      if (isLost) steps.push(ap.gap());
      for (const region of [ap, us]) {
        steps.push(region.granted("b", counted(3), "exclusive", at(9)));
      }
      // Only now is it known that the first was chosen.
      steps.push(eu.granted("a", counted(1), "exclusive", at(5)));
      expect(rules(steps)).toEqual(isLost ? [] : ["two-exclusive"]);
    }
  });

  it("has copies without a ballot, which count together by their version alone", () => {
    const [us, eu, ap] = scripts();
    const steps = [
      us.granted("a", counted(1), "exclusive", { version: 5 }),
      eu.granted("a", counted(1), "exclusive", { version: 6 }),
      eu.granted("b", counted(2), "exclusive", { version: 7 }),
      ap.granted("b", counted(2), "exclusive", { version: 7 }),
    ];
    expect(rules(steps)).toEqual([]);
    const [west, east] = [us, eu].map((region) =>
      region.granted("c", counted(3), "exclusive", { version: 8 }),
    );
    expect(rules([...steps, west!, east!])).toEqual(["two-exclusive"]);
  });

  it("is not taken to begin where it was found after a gap", () => {
    const [us, eu, ap] = scripts();
    const steps: SafetyStep[] = [eu, ap].map((region) =>
      region.granted("b", counted(2), "shared", at(6)),
    );
    for (const region of [us, ap]) {
      steps.push(region.gap(), region.found("a", counted(1), "shared", at(8)));
    }
    expect(rules(steps)).toEqual([]);
  });

  it("may be seen to be chosen later than it was, after a token that came later", () => {
    const [us, eu, ap] = scripts();
    const steps = [us.granted("a", counted(1), "shared", at(5))];
    for (const region of [eu, ap]) {
      steps.push(region.granted("a", counted(1), "shared", at(7)));
    }
    const later = [us, eu].map((region) => region.granted("b", counted(2), "shared", at(6)));
    expect(rules([...steps, ...later])).toEqual([]);
  });

  it("is remembered only until every region has come as far", () => {
    const checker = new SafetyChecker({ locksMax: 100, isFromBeginning: true });
    const [us, eu, ap] = scripts();
    for (let round = 1; round <= 200; round++) {
      for (const region of [us, eu, ap]) {
        expect(
          rules(tenure(region, `g${round}`, round, 2 * round, 2 * round + 1), checker),
        ).toEqual([]);
      }
    }
    const [[, lock] = []] = checker.save().idle;
    expect(lock?.register?.tenures.map(({ grantId }) => grantId)).toEqual(["g200"]);
  });

  it("is remembered for a bounded number of tenures while a region is silent", () => {
    const checker = new SafetyChecker({ locksMax: 100, isFromBeginning: true });
    const [us, eu, ap] = scripts();
    expect(rules([ap.granted("old", counted(1), "exclusive", at(1))], checker)).toEqual([]);
    for (let round = 2; round <= 200; round++) {
      for (const region of [us, eu]) {
        rules(tenure(region, `g${round}`, round, 2 * round, 2 * round + 1), checker);
      }
    }
    const [[, lock] = []] = checker.save().held;
    expect(lock?.register?.tenures).toHaveLength(65);
    expect(rules([ap.ended("old", counted(1), "released", at(300))], checker)).toEqual([]);
  });
});

describe("a global lock under delegation", () => {
  const delegated = (region: ShardScript) => region.granted("D", counted(2), "exclusive", toUs(5));

  it("is given out by its region in the order of its tokens, also on renewal of the delegation", () => {
    const [us, eu] = scripts();
    const steps = [us.granted("x", counted(2, 1)), delegated(us), delegated(eu)];
    const more = [us.ended("x", counted(2, 1)), us.granted("y", counted(2, 2))];
    const renewed = [us, eu].map((region) => region.granted("D", counted(3), "exclusive", toUs(7)));
    const last = [
      us.ended("y", counted(2, 2)),
      us.granted("z", counted(3, 1)),
      us.ended("z", counted(3, 1)),
      us.ended("D", counted(3), "released", at(9)),
      eu.ended("D", counted(3), "released", at(9)),
      us.granted("e", counted(4), "exclusive", at(9)),
      eu.granted("e", counted(4), "exclusive", at(9)),
    ];
    expect(rules([...steps, ...more, ...renewed, ...last])).toEqual([]);
  });

  it("is remembered in bounded room however often its delegation is renewed", () => {
    const checker = new SafetyChecker({ locksMax: 100, isFromBeginning: true });
    const [us, eu] = scripts();
    for (let round = 1; round <= 200; round++) {
      for (const region of [us, eu]) {
        const renewed = region.granted("D", counted(round), "exclusive", toUs(round));
        expect(rules([renewed], checker)).toEqual([]);
      }
    }
    const [[, lock] = []] = checker.save().held;
    expect(lock?.register?.tenures.length).toBeLessThanOrEqual(3);
  });

  it("keeps the rules of a local lock inside the region", () => {
    const [us] = scripts();
    const steps = [us.granted("x", counted(2, 2)), us.granted("y", counted(2, 3))];
    expect(rules(steps)).toEqual(["two-exclusive"]);
    const [west] = scripts();
    const falling = [west.granted("x", counted(2, 2)), west.ended("x", counted(2, 2))];
    expect(rules([...falling, west.granted("y", counted(2, 1))])).toEqual(["token-not-risen"]);
  });

  it("may leave a holder behind where it is taken away: the next token outranks it", () => {
    const [us, eu, ap] = scripts();
    const steps = [delegated(us), delegated(eu), us.granted("x", counted(2, 1))];
    const taken = [
      eu.ended("D", counted(2), "expired", at(6)),
      eu.together(eu.granted("e", counted(3), "exclusive", at(6))),
      ap.granted("e", counted(3), "exclusive", at(6)),
      us.ended("D", counted(2), "expired", at(6)),
      us.together(us.granted("e", counted(3), "exclusive", at(6))),
      us.ended("x", counted(2, 1), "expired"),
    ];
    expect(rules([...steps, ...taken])).toEqual([]);
  });

  it("given back with a holder inside is found", () => {
    const [us, eu] = scripts();
    const steps = [delegated(us), delegated(eu), us.granted("x", counted(2, 1))];
    expect(rules([...steps, us.ended("D", counted(2), "released", at(6))])).toEqual([
      "outside-delegation",
    ]);
  });

  it("given back with a holder inside counts only if it was chosen, whenever that is seen", () => {
    const [us, eu, ap] = scripts();
    const renewed = (region: ShardScript) =>
      region.granted("D", counted(3), "exclusive", { ...toUs(6), ballot: "attempt" });
    const before = [delegated(us), delegated(eu), renewed(us), us.granted("x", counted(3, 1))];
    const end = us.ended("D", counted(3), "released", at(8));
    const chosen = renewed(eu);
    expect(rules([...before, chosen, end])).toEqual(["outside-delegation"]);
    expect(rules([...before, end, chosen])).toEqual(["outside-delegation"]);
    // The same counter was given to the region by another delegation, which it has not shown yet.
    const others = [eu, ap].map((region) =>
      region.granted("E", counted(3), "exclusive", { ...toUs(6), ballot: "b6" }),
    );
    expect(rules([...before, end, ...others])).toEqual([]);
    expect(rules([...before, ...others, end])).toEqual([]);
  });

  it("a region that gives out tokens of a grant that is no delegation to it is found", () => {
    const [us, eu] = scripts();
    const grant = (region: ShardScript) => region.granted("a", counted(2), "exclusive", at(5));
    expect(rules([grant(us), grant(eu), us.granted("x", counted(2, 1))])).toEqual([
      "outside-delegation",
    ]);
    const [west, east] = scripts();
    const local = west.granted("x", counted(2, 1));
    expect(rules([local, grant(west), grant(east)])).toEqual(["outside-delegation"]);
  });

  it("two regions that give out tokens of one counter are found", () => {
    const [us, eu] = scripts();
    const steps = [us.granted("x", counted(2, 1)), us.ended("x", counted(2, 1))];
    expect(rules([...steps, eu.granted("y", counted(2, 2))])).toEqual(["outside-delegation"]);
    expect(rules([...steps, eu.granted("z", counted(3, 1))])).toEqual([]);
  });
});

describe("a checker of global locks that is saved", () => {
  it("goes on from plain JSON where it was", () => {
    const [us, eu] = scripts();
    const steps = [us, eu].map((region) => region.granted("a", counted(1), "exclusive", at(5)));
    steps.push(us.granted("b", counted(2), "exclusive", at(6)));
    const before = new SafetyChecker({ locksMax: 100, isFromBeginning: true });
    expect(rules(steps, before)).toEqual([]);
    const saved = JSON.parse(JSON.stringify(before.save()));
    expect(saved).toEqual(before.save());
    const after = SafetyChecker.restore(saved, 100);
    expect(rules([...steps, eu.granted("b", counted(2), "exclusive", at(6))], after)).toEqual([
      "two-exclusive",
    ]);
  });
});
