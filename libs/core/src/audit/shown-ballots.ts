import { type Ballot, printBallot } from "../quorum/ballot.ts";
import type { AuditEvent, OfRegister } from "./event.ts";

/** An event of a register's copy. */
export type RegisterEvent = AuditEvent & OfRegister;

/** Whether the event is one of a register, and so says under which ballot. */
export function isOfRegister(event: AuditEvent): event is RegisterEvent {
  return "ballot" in event && event.ballot !== undefined;
}

/** What is known of one ballot of one register. */
export interface ShownBallot {
  readonly ballot: Ballot;
  readonly version: number;
  /** Of all regions. */
  readonly events: readonly RegisterEvent[];
  /** The regions that are known to have accepted it, sorted. */
  readonly regions: readonly string[];
  /**
   * When the second region showed it, by that region's clock: from then on its value was chosen.
   * Undefined: one region alone is known to have it, which proves nothing.
   */
  readonly chosenAtMs: number | undefined;
}

interface Growing {
  readonly ballot: Ballot;
  readonly version: number;
  readonly events: RegisterEvent[];
  readonly firstAtMs: Map<string, number>;
}

/**
 * Which regions have shown which ballot of one lock's register (see {@link AuditEvent}: two that
 * showed the same one are a quorum). It can only say too little: what was not read was not seen.
 */
export class ShownBallots {
  readonly #ballots = new Map<string, Growing>();

  /** Events of one lock, in any order; whatever is not of a register does not count. */
  constructor(events: Iterable<AuditEvent>) {
    for (const event of events) if (isOfRegister(event)) this.#add(event);
  }

  /** The regions that are known to have accepted the ballot, sorted. */
  regionsOf(ballot: Ballot): readonly string[] {
    return regionsIn(this.#ballots.get(printBallot(ballot)));
  }

  /** All ballots, by version and then by when they were chosen; those that never were come last. */
  all(): ShownBallot[] {
    return [...this.#ballots.values()]
      .map((growing) => ({
        ballot: growing.ballot,
        version: growing.version,
        events: growing.events,
        regions: regionsIn(growing),
        chosenAtMs: secondLeast([...growing.firstAtMs.values()]),
      }))
      .sort(
        (left, right) =>
          left.version - right.version ||
          (left.chosenAtMs ?? Number.MAX_VALUE) - (right.chosenAtMs ?? Number.MAX_VALUE),
      );
  }

  #add(event: RegisterEvent): void {
    const { ballot, version, region, atMs } = event;
    const key = printBallot(ballot);
    const growing: Growing = this.#ballots.get(key) ?? {
      ballot,
      version,
      events: [],
      firstAtMs: new Map(),
    };
    this.#ballots.set(key, growing);
    growing.events.push(event);
    growing.firstAtMs.set(region, Math.min(growing.firstAtMs.get(region) ?? atMs, atMs));
  }
}

function regionsIn(growing: Growing | undefined): readonly string[] {
  return [...(growing?.firstAtMs.keys() ?? [])].sort();
}

function secondLeast(times: number[]): number | undefined {
  return times.sort((left, right) => left - right)[1];
}
