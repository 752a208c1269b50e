import type { OpPlan, Step, TxnPlan } from "./program.ts";

/** What the programs of a comparison have come past, to be printed and to be asserted. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  answered(step: Step, answer: unknown): void {
    this.#add(`step ${step.kind}`);
    if (step.kind === "commit") this.#txn(step.txn, 0);
    if (answer === null || typeof answer !== "object") return;
    if ("reason" in answer) this.#add(`${step.kind} rejected: ${answer.reason}`);
    else if ("succeeded" in answer) this.#add(`commit took ${answer.succeeded}`);
    if ("ttlS" in answer && answer.ttlS === 0) this.#add("keepAlive of a dead lease");
  }

  watched(told: readonly string[]): void {
    for (const line of told) this.#add(line.includes(":") ? "watch revision" : `watch ${line}`);
  }

  /** All counts, one a line. */
  toString(): string {
    const lines = [...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1));
    return lines.map(([name, count]) => `  ${name}: ${count}`).join("\n");
  }

  #txn(txn: TxnPlan, depth: number): void {
    if (depth > 0) this.#add(`txn nested ${depth} deep`);
    for (const compare of txn.compares) {
      this.#add(`compare ${compare.target}${compare.span.end === undefined ? "" : " of a range"}`);
    }
    for (const op of [...txn.success, ...txn.failure]) this.#op(op, depth);
  }

  #op(op: OpPlan, depth: number): void {
    if (op.kind === "txn") this.#txn(op.txn, depth + 1);
    else this.#add(`op ${op.kind}`);
  }

  #add(name: string): void {
    this.#counts.set(name, this.count(name) + 1);
  }
}
