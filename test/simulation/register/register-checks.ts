import type { GrantId } from "@holdfast/base/ids";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { type Ballot, compareBallots, printBallot, zeroBallot } from "@holdfast/core/quorum/ballot";
import { emptyRegister, type RegisterValue } from "@holdfast/core/quorum/register-value";
import type { Violation } from "@holdfast/simulator/history/run";

const violationsMax = 20;

/** What a register was at a ballot that two regions accepted. */
interface Chosen {
  readonly ballot: Ballot;
  readonly value: RegisterValue;
}

/** Watches all acceptors of a register from outside and says what must never be. */
export class RegisterChecks {
  readonly violations: Violation[] = [];
  readonly #nowMs: () => number;
  readonly #isBelieved: (grantId: GrantId) => boolean;
  readonly #byBallot = new Map<string, { value: RegisterValue; regions: Set<number> }>();
  /** What each region kept when it was last looked at. */
  readonly #promised: (Ballot | undefined)[] = [];
  readonly #accepted: (Ballot | undefined)[] = [];
  #chosen: Chosen[] = [];
  readonly #tokens = new Map<GrantId, bigint>();
  readonly #refused = new Set<GrantId>();
  readonly #released = new Set<GrantId>();
  /** The highest exclusive token that the resource let through. */
  #touched = 0n;

  constructor(nowMs: () => number, isBelieved: (grantId: GrantId) => boolean) {
    this.#nowMs = nowMs;
    this.#isBelieved = isBelieved;
  }

  /** In the order of their ballots. */
  get chosen(): readonly RegisterValue[] {
    return this.#chosen.map(({ value }) => value);
  }

  /** How many values were chosen. */
  get chosenCount(): number {
    return this.#chosen.length;
  }

  get latest(): RegisterValue {
    return this.#chosen.at(-1)?.value ?? emptyRegister;
  }

  /** What of the past it judges by: where this differs, states that look alike are not. */
  digest(): string {
    const accepted = [...this.#byBallot].map(
      ([ballot, { regions }]) => `${ballot}x${regions.size}`,
    );
    const chosen = this.#chosen.map(({ ballot }) => printBallot(ballot));
    return `${accepted};${chosen};${[...this.#refused]};${[...this.#released]}`;
  }

  /** `checker`: the invariant by its number in PROTOCOL.md. */
  fail(checker: string, message: string): void {
    if (this.violations.length < violationsMax) {
      this.violations.push({ checker, atMs: this.#nowMs(), message });
    }
  }

  /** A region accepted `value`, for the first time under this ballot. `promised`: until then. */
  onAccepted(region: number, ballot: Ballot, value: RegisterValue, promised: Ballot): void {
    if (compareBallots(promised, ballot) > 0) {
      const higher = printBallot(promised);
      this.fail(
        "I3",
        `region ${region} accepted ${printBallot(ballot)} after it promised ${higher}`,
      );
    }
    const key = printBallot(ballot);
    let known = this.#byBallot.get(key);
    if (known === undefined) {
      known = { value, regions: new Set() };
      this.#byBallot.set(key, known);
    }
    if (known.value !== value) this.fail("I1", `ballot ${key} has two values`);
    known.regions.add(region);
    if (known.regions.size === 2) this.#onChosen({ ballot, value });
  }

  /** What a region keeps, whenever it is looked at: neither ever falls. */
  onKept(region: number, promised: Ballot, accepted: Ballot | undefined): void {
    const before = this.#promised[region];
    // Looked at before and after everything: most of the time nothing is new.
    if (before !== promised) this.#onRaised(region, "promised", before, promised);
    this.#promised[region] = promised;
    const earlier = this.#accepted[region];
    if (earlier !== accepted) this.#onRaised(region, "accepted", earlier, accepted ?? zeroBallot);
    this.#accepted[region] = accepted;
  }

  /** A region lost all that it kept, and everybody knows. */
  onWiped(region: number): void {
    this.#promised[region] = undefined;
    this.#accepted[region] = undefined;
  }

  /** Somebody wrote to what the lock protects; `isAdmitted`: the resource let it. */
  onTouch(token: bigint, mode: Mode, isAdmitted: boolean): void {
    if (isAdmitted && token < this.#touched) {
      this.fail("I12", `token ${token} came through after ${this.#touched}`);
    }
    if (isAdmitted && mode === "exclusive" && token > this.#touched) this.#touched = token;
  }

  /** A client was told for good that this request did not get the lock. */
  onRefused(grantId: GrantId): void {
    this.#refused.add(grantId);
    if (this.#tokens.has(grantId)) this.fail("I6", `${grantId} was refused, but had been granted`);
  }

  /** A client was told that its grant is released. */
  onReleased(grantId: GrantId): void {
    this.#released.add(grantId);
    if (this.latest.holders.some((holder) => holder.grantId === grantId)) {
      this.fail("I5", `${grantId} was called released, but holds the lock`);
    }
  }

  #onRaised(region: number, what: string, before: Ballot | undefined, now: Ballot): void {
    if (before === undefined || compareBallots(before, now) <= 0) return;
    const [from, to] = [printBallot(before), printBallot(now)];
    this.fail("I2", `region ${region} had ${what} ${from}, then ${to}`);
  }

  #onChosen(chosen: Chosen): void {
    const at = this.#chosen.findIndex(({ ballot }) => compareBallots(ballot, chosen.ballot) > 0);
    const index = at < 0 ? this.#chosen.length : at;
    const before = this.#chosen[index - 1]?.value ?? emptyRegister;
    const after = this.#chosen[index]?.value;
    this.#chosen.splice(index, 0, chosen);
    this.#checkStep(before, chosen.value, printBallot(chosen.ballot));
    if (after !== undefined) this.#checkStep(chosen.value, after, "a later ballot");
    this.#checkHolders(chosen.value);
    if (after === undefined) this.#checkReleased(chosen.value);
    this.#checkRemoved(before, chosen.value);
    this.#checkTurns(before, chosen.value);
  }

  /** Each chosen value goes on from the one before it. */
  #checkStep(before: RegisterValue, after: RegisterValue, where: string): void {
    if (before === after) return;
    if (after.version <= before.version) {
      this.fail("I4", `version ${before.version} is followed by ${after.version} at ${where}`);
    }
    // Values between the two may have been chosen by their successor only.
    const isRemembered =
      after.recent.length < 16 || (after.recent[0]?.version ?? 0) <= before.version;
    for (const holder of before.holders) {
      const isThere = after.holders.some(
        ({ grantId, token }) => grantId === holder.grantId && token === holder.token,
      );
      const hasEnded = after.recent.some(({ grantId }) => grantId === holder.grantId);
      if (isRemembered && !isThere && !hasEnded) {
        this.fail("I4", `${holder.grantId} was forgotten at ${where}`);
      }
    }
    if (after.token < before.token) this.fail("I8", `the token fell at ${where}`);
    for (const holder of after.holders) {
      const isNew = !before.holders.some(({ grantId }) => grantId === holder.grantId);
      if (!isNew) continue;
      if (holder.token <= before.token) {
        this.fail("I8", `${holder.grantId} got token ${holder.token} after ${before.token}`);
      }
      const earlier = this.#tokens.get(holder.grantId);
      if (earlier !== undefined && earlier !== holder.token) {
        this.fail("I7", `${holder.grantId} was granted twice`);
      }
      this.#tokens.set(holder.grantId, holder.token);
      if (this.#refused.has(holder.grantId)) {
        this.fail("I6", `${holder.grantId} was granted after it had been refused`);
      }
    }
  }

  /** First come, first served: whoever is granted was before all that still wait. */
  #checkTurns(before: RegisterValue, after: RegisterValue): void {
    if (before.waiters.length === 0 || after.waiters.length === 0) return;
    const line = before.waiters.map(({ grantId }) => grantId);
    const first = line.findIndex((grantId) => isIn(after.waiters, grantId));
    if (first < 0) return;
    for (const { grantId } of after.holders) {
      if (isIn(before.holders, grantId)) continue;
      const at = line.indexOf(grantId);
      if (at < 0 || at > first) this.fail("L3", `${grantId} came before ${line[first]}`);
    }
  }

  #checkReleased({ holders }: RegisterValue): void {
    for (const { grantId } of holders) {
      if (this.#released.has(grantId))
        this.fail("I5", `${grantId} holds the lock after its release`);
    }
  }

  #checkHolders({ holders }: RegisterValue): void {
    if (holders.length > 1 && holders.some(({ mode }) => mode === "exclusive")) {
      this.fail("I9", `${holders.length} holders, and one of them is exclusive`);
    }
  }

  /** Nobody loses the lock who would still let a resource be touched. */
  #checkRemoved(before: RegisterValue, after: RegisterValue): void {
    for (const { grantId } of before.holders) {
      const ended = after.recent.findLast((each) => each.grantId === grantId);
      if (ended?.fate !== "lost" || ended.version !== after.version) continue;
      if (this.#isBelieved(grantId))
        this.fail("I11", `${grantId} lost the lock and is believed in`);
    }
  }
}

function isIn(among: readonly { readonly grantId: GrantId }[], grantId: GrantId): boolean {
  return among.some((each) => each.grantId === grantId);
}
