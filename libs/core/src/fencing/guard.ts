import type { Mode } from "../lock/lock-id.ts";

/** What a resource decides about a token. */
export interface Admission {
  readonly admitted: boolean;
  /** The highest exclusive token seen, this one included: what the resource must remember. */
  readonly highest: bigint;
}

/**
 * The check a protected resource makes with every write: a token below the highest one seen belongs
 * to a holder that has been replaced, however sure it is of its lock. Equal is admitted, because
 * one holder writes many times. Tokens of two locks, or of two regions, do not compare.
 *
 * Shared holders have the lock together, each with a token of its own: they are held against the
 * highest exclusive token, and do not raise it, or the later one would shut the others out.
 */
export function admit(highest: bigint, token: bigint, mode: Mode = "exclusive"): Admission {
  if (token < highest) return { admitted: false, highest };
  return { admitted: true, highest: mode === "exclusive" ? token : highest };
}

/**
 * {@link admit} with its memory, for a resource that lives in one process. A resource that outlives
 * the process keeps the number beside its data and compares in the same transaction.
 */
export class FencingGuard {
  #highest: bigint;

  /** `highest`: the highest exclusive token seen before, as the resource remembers it. */
  constructor(highest = 0n) {
    this.#highest = highest;
  }

  /** The highest exclusive token admitted. */
  get highest(): bigint {
    return this.#highest;
  }

  /** Whether a write that carries `token` may go through; remembers it if so. */
  admit(token: bigint, mode: Mode = "exclusive"): boolean {
    const admission = admit(this.#highest, token, mode);
    this.#highest = admission.highest;
    return admission.admitted;
  }
}
