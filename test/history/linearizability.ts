import { ExploredSets } from "./explored-sets.ts";
import { LockRegister } from "./lock-register.ts";
import { type Operation, operationsOf } from "./register-operations.ts";
import type { Tenure } from "./tenure.ts";
import type { Violation } from "./violation.ts";

/** More dead ends than this and the search is given up: the lock's history counts as unchecked. */
const deadEndsMax = 200_000;

/** What the search came to; `unchecked`: it was given up. */
export type Linearization =
  | { readonly kind: "linearizable" }
  | { readonly kind: "violated"; readonly violation: Violation }
  | { readonly kind: "unchecked" };

/** A call or a return, in a list from which an operation that took effect is lifted out. */
interface Entry {
  readonly operation: number;
  readonly atMs: number;
  /** Of a call; absent in the return, and in a call that never returned. */
  answer?: Entry;
  isCall: boolean;
  before: Entry | undefined;
  after: Entry | undefined;
}

/**
 * Is there an order of one lock's operations, each at a moment between its call and its return,
 * that a lock could have shown? The search of Wing and Gong with Lowe's memoisation.
 */
export function linearize(tenures: readonly Tenure[]): Linearization {
  const operations = operationsOf(tenures);
  const search = new Search(operations);
  return search.run();
}

class Search {
  readonly #operations: readonly Operation[];
  readonly #register: LockRegister;
  readonly #explored: ExploredSets;
  readonly #head: Entry;
  readonly #path: Entry[] = [];
  #required: number;
  #deepest = -1;
  #violation: Violation | undefined;

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    this.#register = new LockRegister(operations);
    this.#explored = new ExploredSets(operations.length);
    this.#head = entriesOf(operations);
    this.#required = operations.filter(({ returnMs }) => Number.isFinite(returnMs)).length;
  }

  run(): Linearization {
    let entry = this.#head.after;
    while (this.#required > 0) {
      if (entry?.isCall && this.#enter(entry)) {
        entry = this.#head.after;
      } else if (entry?.isCall) {
        entry = entry.after;
      } else {
        // A return whose call has not taken effect, and nothing before it can.
        if (entry !== undefined) this.#note(entry);
        const left = this.#leave();
        if (left === undefined) break;
        if (this.#explored.count > deadEndsMax) return { kind: "unchecked" };
        entry = left.after;
      }
    }
    if (this.#required === 0) return { kind: "linearizable" };
    const violation = this.#violation;
    return violation === undefined ? { kind: "linearizable" } : { kind: "violated", violation };
  }

  #enter(call: Entry): boolean {
    if (!this.#register.apply(call.operation)) return false;
    this.#explored.toggle(call.operation);
    if (this.#explored.isDead) {
      this.#explored.toggle(call.operation);
      this.#register.undo(call.operation);
      return false;
    }
    lift(call);
    if (call.answer !== undefined) {
      lift(call.answer);
      this.#required--;
    }
    this.#path.push(call);
    return true;
  }

  #leave(): Entry | undefined {
    const call = this.#path.pop();
    if (call === undefined) return undefined;
    this.#explored.bury();
    this.#explored.toggle(call.operation);
    this.#register.undo(call.operation);
    if (call.answer !== undefined) {
      putBack(call.answer);
      this.#required++;
    }
    putBack(call);
    return call;
  }

  /** Keeps what stood in the way where the search came furthest. */
  #note(answer: Entry): void {
    if (this.#path.length <= this.#deepest) return;
    this.#deepest = this.#path.length;
    const { tenure, kind } = this.#operations[answer.operation]!;
    const next = this.#register.nextGrant;
    const waiting = next === undefined ? "" : `; the next token is ${next.tenure.op}'s`;
    const after = this.#path.at(-1);
    const last = after === undefined ? undefined : this.#operations[after.operation];
    this.#violation = {
      checker: "linearizability",
      lock: tenure.lock,
      atMs: answer.atMs,
      message:
        `${kind} of ${tenure.op} fits nowhere before ${answer.atMs.toFixed(1)} ms: after ` +
        `${this.#path.length} operations${last ? `, the last the ${last.kind} of ` : ""}` +
        `${last?.tenure.op ?? ""}, ${this.#register.describe()}${waiting}`,
      ops: [...new Set([tenure.op, next?.tenure.op, last?.tenure.op])].filter((op) => op != null),
    };
  }
}

/** The head of the list, which stands for no entry. */
function entriesOf(operations: readonly Operation[]): Entry {
  const entries = operations.flatMap(({ invokeMs, returnMs }, operation): Entry[] => {
    const rest = { operation, before: undefined, after: undefined };
    const call: Entry = { ...rest, atMs: invokeMs, isCall: true };
    if (!Number.isFinite(returnMs)) return [call];
    call.answer = { ...rest, atMs: returnMs, isCall: false };
    return [call, call.answer];
  });
  // Calls first among equals: two operations that may have been under way together count as such.
  entries.sort((a, b) => a.atMs - b.atMs || Number(b.isCall) - Number(a.isCall));
  const head: Entry = {
    operation: -1,
    atMs: 0,
    isCall: false,
    before: undefined,
    after: entries[0],
  };
  for (const [index, entry] of entries.entries()) {
    entry.before = entries[index - 1] ?? head;
    entry.after = entries[index + 1];
  }
  return head;
}

function lift(entry: Entry): void {
  if (entry.before !== undefined) entry.before.after = entry.after;
  if (entry.after !== undefined) entry.after.before = entry.before;
}

function putBack(entry: Entry): void {
  if (entry.before !== undefined) entry.before.after = entry;
  if (entry.after !== undefined) entry.after.before = entry;
}
