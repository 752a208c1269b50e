import { integerBelow, type Random } from "@holdfast/base/random";
import type { ClockSkew } from "@holdfast/simulator/kernel/simulated-process";

/** Half of rho either way, so that no two clocks differ in rate by more than the design allows. */
const driftMax = 0.0049;

/** Something done to a world at a time, apart from the faults that go on all the while. */
export interface Mishap<Kind extends string> {
  readonly atMs: number;
  readonly kind: Kind;
  /** Which of its kind, modulo how many there are. */
  readonly index: number;
  readonly lastsMs: number;
  /** For cuts: one direction or the other, or both. */
  readonly direction: "there" | "back" | "both";
}

/** What mishaps of one kind of world are like. */
export interface MishapRange<Kind extends string> {
  readonly kinds: readonly Kind[];
  /** How likely a kind is to come in one world at all. */
  readonly kindShare: number;
  readonly countMax: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly indexBelow: number;
  /** Of the short half and of the long one. */
  readonly lastsMsMax: readonly [number, number];
}

/** Mishaps of some kinds, the first one first; a world in two or so has none. */
export function mishapsOf<Kind extends string>(
  random: Random,
  range: MishapRange<Kind>,
): Mishap<Kind>[] {
  const { fromMs, untilMs, indexBelow, lastsMsMax } = range;
  const kinds = range.kinds.filter(() => chance(random, range.kindShare));
  const [first] = kinds;
  if (first === undefined) return [];
  const count = integerBelow(random, range.countMax + 1);
  const mishaps = Array.from({ length: count }, (): Mishap<Kind> => {
    const kind = kinds[integerBelow(random, kinds.length)] ?? first;
    return {
      atMs: between(random, fromMs, untilMs),
      kind,
      index: integerBelow(random, indexBelow),
      lastsMs: between(random, 100, lastsMsMax[chance(random, 0.5) ? 0 : 1]),
      direction: (["there", "back", "both"] as const)[integerBelow(random, 3)] ?? "both",
    };
  });
  return mishaps.sort((left, right) => left.atMs - right.atMs);
}

/** How the clocks of a process go. */
export function skewOf(random: Random): ClockSkew {
  return {
    rate: 1 + driftMax * (2 * random.next() - 1),
    monotonicStartMs: random.next() * 1e7,
    wallStartMs: 1.79e12 + random.next() * 1e5,
  };
}

/** True so often. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** A number from `low` on, below `high`. */
export function between(random: Random, low: number, high: number): number {
  return low + random.next() * (high - low);
}
