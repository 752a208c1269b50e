import type { Mode } from "@holdfast/core/lock/lock-id";
import type { HistoryEvent, WriteEvent } from "./history-event.ts";
import type { Tenure } from "./tenure.ts";
import type { Violation } from "./violation.ts";

/**
 * What a resource that is guarded by tokens has seen of one lock. Those who share it come in any
 * order; whoever has it alone comes after everybody with a lower token, and never after one with a
 * higher.
 */
export class TokenGuard {
  #highest = 0n;
  #highestExclusive = 0n;

  /** Takes a write, unless somebody came with a token that makes this one stale. */
  accepts(mode: Mode, token: bigint): boolean {
    if (token < (mode === "exclusive" ? this.#highest : this.#highestExclusive)) return false;
    if (token > this.#highest) this.#highest = token;
    if (mode === "exclusive") this.#highestExclusive = token;
    return true;
  }
}

/**
 * No write with a stale token was accepted, and nobody who was sure of the lock was turned away:
 * else somebody had a higher token while it was held.
 */
export function checkWrites(
  events: readonly HistoryEvent[],
  tenures: readonly Tenure[],
): Violation[] {
  const writes = writesOf(events);
  const byOp = new Map(tenures.map((tenure) => [tenure.op, tenure]));
  const guards = new Map<string, TokenGuard>();
  const found: Violation[] = [];
  for (const { op, lock, mode, token, accepted, atMs } of writes) {
    const guard = guards.get(lock) ?? new TokenGuard();
    guards.set(lock, guard);
    const report = (message: string): void => {
      found.push({ checker: "guard", lock, atMs, message, ops: [op] });
    };
    if (accepted) {
      if (!guard.accepts(mode, BigInt(token))) report(`${op} wrote with stale token ${token}`);
    } else if ((byOp.get(op)?.believedUntilMs ?? 0) > atMs) {
      report(`${op} was sure of it and turned away with token ${token}: it had a higher one`);
    }
  }
  return found;
}

/** All writes, in the order in which they reached the resource. */
export function writesOf(events: readonly HistoryEvent[]): WriteEvent[] {
  return events
    .filter((event): event is WriteEvent => event.kind === "write")
    .toSorted((a, b) => a.atMs - b.atMs);
}
