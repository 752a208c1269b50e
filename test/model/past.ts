import type { GrantId } from "@holdfast/base/ids";
import { type Ballot, compareBallots, printBallot } from "@holdfast/core/quorum/ballot";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import type { Violation } from "@holdfast/simulator/history/run";
import { RegisterChecks } from "../simulation/register/register-checks.ts";
import { Interner } from "./interner.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Something that the checks are told of. */
export type Told =
  | {
      readonly kind: "accepted";
      readonly ballot: Ballot;
      readonly value: RegisterValue;
      /** What the region had promised until then. */
      readonly promised: Ballot;
    }
  | { readonly kind: "refused"; readonly grantId: GrantId }
  | { readonly kind: "released"; readonly grantId: GrantId };

/** What of the past anything may still be judged by. */
interface Past {
  /** Everything there was, in one of the orders that come to the same. */
  readonly told: readonly Told[];
  readonly accepts: readonly Accepts[];
  readonly tokens: ReadonlyMap<GrantId, bigint>;
}

interface Accepts {
  readonly ballot: Ballot;
  readonly value: RegisterValue;
  readonly bit: number;
  /** Regions that accepted it; with two it is chosen. */
  readonly count: number;
}

/** The checks of the simulation, told of one thing after the other, without being copied. */
export class Pasts {
  readonly #vocabulary: Vocabulary;
  readonly #pasts = new Interner<Past>();
  readonly #told = new Interner<Told>();
  readonly #next = new Map<string, { readonly past: number; readonly violation?: Violation }>();
  readonly #reduced = new Map<number, number>();
  /** Nothing of the past is let go. */
  readonly #isExact: boolean;

  constructor(vocabulary: Vocabulary, isExact: boolean) {
    this.#vocabulary = vocabulary;
    this.#isExact = isExact;
    this.#idOf({ told: [], accepts: [], tokens: new Map() });
  }

  toldId(told: Told): number {
    const key =
      told.kind === "accepted"
        ? `${printBallot(told.ballot)}=${this.#vocabulary.valueId(told.value)}/${printBallot(told.promised)}`
        : `${told.kind} ${told.grantId}`;
    return this.#told.idOf(key, () => told);
  }

  at(past: number): Past {
    return this.#pasts.at(past);
  }

  /** `believed`: grants that are believed in now, one bit each as `bits` says. */
  next(
    past: number,
    toldId: number,
    believed: number,
    bits: readonly GrantId[],
  ): { readonly past: number; readonly violation?: Violation } {
    const key = `${past}/${toldId}/${believed}`;
    let next = this.#next.get(key);
    if (next === undefined) {
      const names = new Set(bits.filter((_, index) => (believed & (1 << index)) !== 0));
      next = this.#tell(past, this.#told.at(toldId), names);
      this.#next.set(key, next);
    }
    return next;
  }

  /** Lets go of what nothing depends on while only these ballots may still be accepted. */
  reduce(past: number, flying: number): number {
    if (this.#isExact) return past;
    const key = past * 2 ** 31 + flying;
    let reduced = this.#reduced.get(key);
    if (reduced === undefined) {
      reduced = this.#reduce(this.at(past), flying);
      this.#reduced.set(key, reduced);
    }
    return reduced;
  }

  #reduce(past: Past, flying: number): number {
    const mayCome = ({ bit }: Accepts) => (flying & bit) !== 0 || this.#vocabulary.isShared(bit);
    const latest = past.accepts.findLast(({ count }) => count > 1);
    const isLate = (each: Accepts) =>
      latest !== undefined && compareBallots(each.ballot, latest.ballot) < 0;
    // A ballot that is chosen below the latest would be held against all those before it.
    const isOrdered = !past.accepts.some((each) => mayCome(each) && isLate(each));
    const accepts = past.accepts.filter((each) => {
      if (each.count > 1) return each === latest || !isOrdered;
      return mayCome(each);
    });
    return this.#idOf({ ...past, accepts });
  }

  #tell(id: number, told: Told, believed: ReadonlySet<GrantId>) {
    const before = this.at(id);
    const checks = new RegisterChecks(
      () => 0,
      (grantId) => isNow && believed.has(grantId),
    );
    let isNow = false;
    const counts = new Map<string, number>();
    for (const each of before.told) tellChecks(checks, each, counts);
    isNow = true;
    tellChecks(checks, told, counts);
    const [violation] = checks.violations;
    const past = this.#idOf(this.#after(before, told));
    return violation === undefined ? { past } : { past, violation };
  }

  #after(before: Past, told: Told): Past {
    const all = [...before.told, told];
    if (told.kind !== "accepted") return { ...before, told: all };
    const { ballot, value } = told;
    const known = before.accepts.find((each) => compareBallots(each.ballot, ballot) === 0);
    const count = Math.min(2, (known?.count ?? 0) + 1);
    const bit = this.#vocabulary.ballotBit(ballot);
    const accepts = before.accepts.filter((each) => each !== known);
    accepts.push({ ballot, value, bit, count });
    accepts.sort((left, right) => compareBallots(left.ballot, right.ballot));
    const tokens = new Map(before.tokens);
    if (count > 1) for (const { grantId, token } of value.holders) tokens.set(grantId, token);
    return { told: all, accepts, tokens };
  }

  #idOf(past: Past): number {
    const said = past.told.flatMap((told) =>
      told.kind === "accepted" ? [] : [`${told.kind} ${told.grantId}`],
    );
    const accepts = past.accepts.map(
      ({ ballot, value, count }) =>
        `${printBallot(ballot)}=${this.#vocabulary.valueId(value)}x${count}`,
    );
    const key = `${[...new Set(said)].sort()}|${accepts}|${[...past.tokens].sort()}`;
    return this.#pasts.idOf(key, () => past);
  }
}

/** Each region accepts a ballot for the first time once, so how many did is all that matters. */
function tellChecks(checks: RegisterChecks, told: Told, counts: Map<string, number>): void {
  if (told.kind === "refused") checks.onRefused(told.grantId);
  else if (told.kind === "released") checks.onReleased(told.grantId);
  else {
    const key = printBallot(told.ballot);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    checks.onAccepted(count, told.ballot, told.value, told.promised);
  }
}
