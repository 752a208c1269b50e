import { digest132 } from "@holdfast/base/digest";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { SafetyChecker } from "@holdfast/core/audit/safety-checker";
import type { SafetyViolation } from "@holdfast/core/audit/safety-step";
import { safetyStep } from "@holdfast/core/audit/safety-steps";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { ConsumedRecord } from "../ports/event-log.ts";
import type { Violation } from "../ports/ledger-records.ts";

/** What a watch is made of. */
export interface SafetyWatchOptions {
  /** How many locks are remembered, over all partitions; at least one of each partition is. */
  readonly locksMax: number;
  /** A partition's checker begins without knowing who holds what. */
  readonly onRestart: () => void;
}

/** What is known of one partition. */
interface Watched {
  checker: SafetyChecker;
  /** Of the first record that was not seen yet. */
  nextOffset: bigint;
}

/**
 * Replays the locks of the partitions that a member of the group has. All that happens to a lock,
 * in whatever region, lies in one partition, and a gap lies in all; so each partition is checked by
 * itself, and goes with everything known of it to whoever reads it.
 *
 * What is known stays with the member and is not stored. A member that gets a partition, or finds
 * that somebody else has read on in it, begins anew: grants may stand of which it knows nothing. It
 * raises no false alarm for that, and what it can miss is told later: a second holder of a lock
 * that was granted before is not seen to be one when it gets the lock, but when the first one's
 * tenure ends and is found to have outlasted the second one's beginning.
 */
export class SafetyWatch {
  readonly #options: SafetyWatchOptions;
  readonly #partitions = new Map<string, Watched>();
  #assigned = 1;

  constructor(options: SafetyWatchOptions) {
    this.#options = options;
  }

  /** These are the member's partitions from now on, as `topic/number`. */
  assign(partitions: readonly string[]): void {
    this.#assigned = Math.max(1, partitions.length);
    for (const known of this.#partitions.keys()) {
      if (!partitions.includes(known)) this.#partitions.delete(known);
    }
  }

  /** A record that is an event, after all before it in its partition. */
  check(record: ConsumedRecord, event: AuditEvent, nowMs: number): Violation[] {
    const watched = this.#reach(record);
    const step = safetyStep(event);
    if (step === undefined) return [];
    const lock = "lock" in event ? event.lock : undefined;
    return watched.checker.step(step).map((each) => violationOf(each, lock, nowMs));
  }

  /** A record that is no event: whatever it tells of its locks is not known. */
  skip(record: ConsumedRecord): void {
    const { topic, partition, offset } = record;
    const known = this.#partitions.get(`${topic}/${partition}`);
    if (known === undefined || offset < known.nextOffset) return;
    known.checker = this.#begin();
    known.nextOffset = offset + 1n;
  }

  #reach({ topic, partition, offset }: ConsumedRecord): Watched {
    const name = `${topic}/${partition}`;
    let watched = this.#partitions.get(name);
    // Repeats are harmless to the checker; what is left out is not.
    if (watched === undefined || offset > watched.nextOffset) {
      watched = { checker: this.#begin(), nextOffset: offset };
      this.#partitions.set(name, watched);
    }
    if (offset >= watched.nextOffset) watched.nextOffset = offset + 1n;
    return watched;
  }

  #begin(): SafetyChecker {
    this.#options.onRestart();
    const locksMax = Math.max(1, Math.floor(this.#options.locksMax / this.#assigned));
    return new SafetyChecker({ locksMax, isFromBeginning: false });
  }
}

function violationOf(
  { rule, grants, message, position, atMs }: SafetyViolation,
  lock: LockId | undefined,
  nowMs: number,
): Violation {
  const { cluster, revision, index } = position;
  return {
    id: `${rule}/${cluster}/${revision}.${index}/${digest132(grants.join("\0"))}`,
    rule,
    ...(lock === undefined ? {} : { lock }),
    atMs,
    foundAtMs: nowMs,
    message,
    events: [{ cluster, revision, index }],
  };
}
