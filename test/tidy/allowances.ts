import { matchesPath } from "./zones.ts";

/** An exception from one rule, for some files, with the reason it is worth it. */
export interface Allowance {
  readonly rule: string;
  /** A path, or a pattern with `*` and `**`. */
  readonly path: string;
  /** Only violations whose text contains this; all of them when left out. */
  readonly about?: string;
  readonly reason: string;
}

/** All exceptions there are. One that is needed no more is itself reported. */
export const allowances: readonly Allowance[] = [
  {
    rule: "dead-exports",
    path: "libs/base/src/random.ts",
    about: "SeededRandom",
    reason: "the other side of the door: what a simulation draws from in place of the machine",
  },
  {
    rule: "dead-exports",
    path: "libs/core/src/placement/ring.ts",
    about: "addShard",
    reason: "pins how a shard joins before slots can move: a layout that cannot grow is no layout",
  },
  {
    rule: "dead-files",
    path: "libs/engine/src/memory/memory-archive.ts",
    reason: "the archive's twin: by its clock a test sees in a moment what takes a store a year",
  },
  {
    rule: "dead-files",
    path: "libs/engine/src/memory/memory-meter.ts",
    reason: "the twin in memory of the meter, which every package's tests read counts from",
  },
];

/** Does `allowance` cover a violation of `rule`? */
export function covers(
  allowance: Allowance,
  rule: string,
  violation: { readonly path: string; readonly wrong: string },
): boolean {
  return (
    allowance.rule === rule &&
    matchesPath(violation.path, allowance.path) &&
    violation.wrong.includes(allowance.about ?? "")
  );
}
