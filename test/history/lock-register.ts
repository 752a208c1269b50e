import type { Operation } from "./register-operations.ts";

/**
 * A lock as a register: the sequential truth that a history is compared with. What it holds is a
 * function of which operations took effect, not of their order, so that set alone names a state.
 */
export class LockRegister {
  readonly #operations: readonly Operation[];
  /** Grants in the order of their tokens, and how many of the first took effect. */
  readonly #byToken: readonly number[];
  readonly #rank: readonly number[];
  readonly #applied: Uint8Array;
  #appliedRanks = 0;
  #exclusive = -1;
  #shared = 0;

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    this.#applied = new Uint8Array(operations.length);
    this.#byToken = operations
      .keys()
      .filter((index) => operations[index]?.kind === "grant")
      .toArray()
      .sort((a, b) => compare(this.#token(a), this.#token(b)));
    const rank = new Array<number>(operations.length).fill(-1);
    for (const [place, index] of this.#byToken.entries()) rank[index] = place;
    this.#rank = rank;
  }

  /** Lets an operation take effect, if the register allows that now. */
  apply(index: number): boolean {
    const operation = this.#operations[index]!;
    switch (operation.kind) {
      case "grant":
        if (this.#exclusive >= 0 || !this.#isNext(index)) return false;
        if (operation.mode === "shared") this.#shared++;
        else if (this.#shared > 0) return false;
        else this.#exclusive = index;
        break;
      case "end":
        if (this.#applied[operation.grant] === 0) return false;
        this.#remove(operation.grant);
        break;
      case "held":
        if (!this.#isTaken(operation)) return false;
    }
    this.#applied[index] = 1;
    if (operation.kind === "grant") this.#advance();
    return true;
  }

  /** Takes back an operation that took effect; the latest one first. */
  undo(index: number): void {
    const operation = this.#operations[index]!;
    this.#applied[index] = 0;
    if (operation.kind === "grant") {
      this.#remove(index);
      this.#appliedRanks = Math.min(this.#appliedRanks, this.#rank[index]!);
    } else if (operation.kind === "end") {
      const grant = this.#operations[operation.grant]!;
      if (grant.kind === "grant" && grant.mode === "shared") this.#shared++;
      else this.#exclusive = operation.grant;
    }
  }

  /** For a report: who holds it. */
  describe(): string {
    if (this.#exclusive >= 0) return `${this.#operations[this.#exclusive]!.tenure.op} holds it`;
    if (this.#shared > 0) return `${this.#shared} share it`;
    return "nobody holds it";
  }

  /** For a report: the operation that must take effect before any other grant. */
  get nextGrant(): Operation | undefined {
    const index = this.#byToken[this.#appliedRanks];
    return index === undefined ? undefined : this.#operations[index];
  }

  #remove(grant: number): void {
    if (this.#exclusive === grant) this.#exclusive = -1;
    else this.#shared--;
  }

  /** A grant after one with a larger token would be one with a token that does not rise. */
  #isNext(index: number): boolean {
    const next = this.#byToken[this.#appliedRanks];
    return next !== undefined && this.#token(index) <= this.#token(next);
  }

  #advance(): void {
    while (this.#applied[this.#byToken[this.#appliedRanks] ?? -1] === 1) this.#appliedRanks++;
  }

  #isTaken(held: Extract<Operation, { readonly kind: "held" }>): boolean {
    if (held.excused || this.#exclusive >= 0) return true;
    if (held.mode === "exclusive" && this.#shared > 0) return true;
    return held.inLine.some((grant) => this.#applied[grant] === 0);
  }

  #token(index: number): bigint {
    const operation = this.#operations[index]!;
    return operation.kind === "grant" ? operation.token : 0n;
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
