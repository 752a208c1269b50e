import { counterOf } from "../delegation/delegation-state.ts";
import { isGlobal, type LockId } from "../lock/lock-id.ts";
import type { AuditEvent } from "./event.ts";
import type { DelegatedAt, HeldAt } from "./held-at.ts";
import { RegisterAt } from "./register-at.ts";
import { ShardAt } from "./shard-at.ts";

/** What some of a lock's events say of who held it. */
export interface HoldersAt {
  /** In the order of their tokens. */
  readonly holders: readonly HeldAt[];
  readonly delegation?: DelegatedAt;
  /** Whatever lies further back than what was read changes nothing in who held it. */
  readonly isSettled: boolean;
  /** Nor in since when, and by whom it was granted. */
  readonly isExplained: boolean;
  /** What of it may not be believed, and why: a sentence each, for people. */
  readonly doubts: readonly string[];
}

/**
 * Computes who held a lock at a moment.
 *
 * `before`: its events at and before the moment, all from some event on, and gaps (AuditGap) of
 * the shards that may have it: who had it before one and is not told anew behind it has it no more.
 * `after`: events of the time behind it: an end, or a renewal, of what did not begin meanwhile was
 * held at the moment, so they tell of holders whose beginning is not in `before`. In any order.
 *
 * Times are those of the time marks, so exact to about a second, and of a global lock they come
 * from clocks of three regions; the order of its grants does not: that is the register's.
 */
export function holdersAt(
  lock: LockId,
  atMs: number,
  before: readonly AuditEvent[],
  after: readonly AuditEvent[] = [],
): HoldersAt {
  const shard = new ShardAt(before, after);
  if (!isGlobal(lock)) {
    const holders = shard.holders.map((held) => ({ ...held, by: { kind: "shard" } as const }));
    return answer(holders, shard.isSettled, shard.doubts);
  }
  const register = new RegisterAt(atMs, [...before, ...after]);
  const delegated = shard.holders.flatMap((held): HeldAt[] => {
    const { region } = held.event;
    if (register.isOutranked(held.event)) return [];
    const quorum = register.quorumOf(counterOf(held.event.token));
    return [{ ...held, by: { kind: "delegation", region, ...(quorum && { quorum }) } }];
  });
  const isSettled = register.isSettled || shard.isSettled;
  const found = answer([...register.holders, ...delegated], isSettled, shard.doubts);
  const { delegation } = register;
  return delegation === undefined ? found : { ...found, delegation };
}

function answer(found: readonly HeldAt[], isSettled: boolean, known: readonly string[]): HoldersAt {
  const holders = [...found].sort((left, right) => ascending(left.event.token, right.event.token));
  const isAmiss = holders.length > 1 && holders.some(({ event }) => event.mode === "exclusive");
  const doubts = isAmiss ? [...known, overlapDoubt] : known;
  return { holders, isSettled, isExplained: isSettled && holders.every(isExplained), doubts };
}

const overlapDoubt =
  "The record shows no end of some of them before the others began: either a part of it is " +
  "missing, or the lock was granted twice.";

function isExplained({ sinceMs, by }: HeldAt): boolean {
  return sinceMs !== undefined && (by.kind !== "delegation" || by.quorum !== undefined);
}

function ascending(left: bigint, right: bigint): number {
  return left < right ? -1 : Number(left > right);
}
