import { counterOf } from "../delegation/delegation-state.ts";
import type { AuditEvent, Tenure } from "./event.ts";
import {
  type DelegatedAt,
  type HeldAt,
  isFound,
  type Quorum,
  type TenureEvent,
} from "./held-at.ts";
import { type RegisterEvent, type ShownBallot, ShownBallots } from "./shown-ballots.ts";

type RegisterTenureEvent = RegisterEvent & TenureEvent & { readonly home: string };

interface Standing {
  readonly event: RegisterTenureEvent;
  readonly sinceMs?: number;
  readonly quorum: Quorum;
}

/**
 * Who held a global lock at a moment by what its register had chosen by then: see holdersAt. What
 * one region alone accepted does not count, whatever it shows.
 */
export class RegisterAt {
  /** By grant and token. */
  readonly #standing = new Map<string, Standing>();
  /** By the counter of a delegation's token: its latest quorum. */
  readonly #delegations = new Map<bigint, Quorum>();
  #latest: bigint | undefined;
  isSettled = false;

  constructor(atMs: number, events: readonly AuditEvent[]) {
    const chosen = new ShownBallots(events).all().filter((shown) => shown.chosenAtMs !== undefined);
    const isDue = (shown: ShownBallot): boolean => (shown.chosenAtMs ?? atMs + 1) <= atMs;
    for (const shown of chosen.filter(isDue)) this.#apply(shown);
    const later = chosen.filter((shown) => !isDue(shown));
    if (!this.isSettled) this.#lookBack(later);
  }

  /** Those who got the lock of the register itself. */
  get holders(): HeldAt[] {
    return [...this.#standing.values()]
      .filter(({ event }) => !isDelegation(event))
      .map(({ event, sinceMs, quorum }) => ({
        event,
        ...(sinceMs === undefined ? {} : { sinceMs }),
        by: { kind: "quorum", quorum },
      }));
  }

  /** The region that gave the lock out at the moment. */
  get delegation(): DelegatedAt | undefined {
    const found = [...this.#standing.values()].find(({ event }) => isDelegation(event));
    if (found === undefined) return undefined;
    const { event, quorum } = found;
    return { region: event.home, token: event.token, quorum };
  }

  /** The quorum of the delegation whose tokens have this counter, where it was read. */
  quorumOf(counter: bigint): Quorum | undefined {
    return this.#delegations.get(counter);
  }

  /**
   * The register has taken the lock from the delegation under which `event` was granted, or given
   * it to another; its own region may not know of it yet.
   */
  isOutranked(event: TenureEvent): boolean {
    const counter = counterOf(event.token);
    const { delegation } = this;
    if (delegation?.region === event.region && counterOf(delegation.token) >= counter) return false;
    return this.#latest !== undefined && this.#latest >= counter;
  }

  #apply({ events, ballot, version, regions, chosenAtMs }: ShownBallot): void {
    const quorum = { ballot, version, regions };
    for (const event of events) if (isEnd(event)) this.#end(event);
    // Where one region tells when it began, another may tell only that it was there.
    const begins = events.filter(isBegin).sort(foundLast);
    for (const event of begins) {
      const key = keyOf(event);
      if (event.kind === "DelegationRenewed") this.#supersede(event);
      if (isDelegation(event)) this.#delegations.set(counterOf(event.token), quorum);
      // Under a renewed delegation somebody may still be inside from before.
      if (event.mode === "exclusive" && event.kind !== "DelegationRenewed") this.isSettled = true;
      const known = this.#standing.get(key);
      const isSince = chosenAtMs !== undefined && !isFound(event);
      const since = isSince ? { sinceMs: chosenAtMs } : {};
      this.#standing.set(key, known ?? { event, quorum, ...since });
      this.#raise(counterOf(event.token) - (isDelegation(event) ? 1n : 0n));
    }
  }

  #end(event: RegisterTenureEvent): void {
    this.#standing.delete(keyOf(event));
    this.#raise(counterOf(event.token));
  }

  /** A delegation goes on under the next token, and so does whoever is inside. */
  #supersede(event: RegisterTenureEvent): void {
    for (const [key, standing] of this.#standing) {
      if (standing.event.grantId === event.grantId) this.#standing.delete(key);
    }
  }

  /** Every delegated token with this counter or a lower one is worth nothing any more. */
  #raise(counter: bigint): void {
    if (this.#latest === undefined || counter > this.#latest) this.#latest = counter;
  }

  /** What two regions saw end later, and did not see begin, was there. */
  #lookBack(later: readonly ShownBallot[]): void {
    const begun = new Set<string>();
    for (const { events, ballot, version, regions } of later) {
      for (const event of events) {
        const key = keyOf(event as RegisterTenureEvent);
        if (isBegin(event)) begun.add(key);
        if (!isEnd(event) || begun.has(key) || this.#standing.has(key)) continue;
        this.#standing.set(key, { event, quorum: { ballot, version, regions } });
        if (event.mode === "exclusive") this.isSettled = true;
      }
    }
  }
}

function keyOf({ grantId, token }: Pick<Tenure, "grantId" | "token">): string {
  return `${grantId} ${token}`;
}

function foundLast(left: AuditEvent, right: AuditEvent): number {
  return Number(isFound(left)) - Number(isFound(right));
}

function isBegin(event: RegisterEvent): event is RegisterTenureEvent {
  const { kind } = event;
  return kind === "GlobalGranted" || kind === "DelegationGiven" || kind === "DelegationRenewed";
}

/** What a copy showed that was never chosen has no end: it never was. */
function isEnd(event: RegisterEvent): event is RegisterTenureEvent {
  switch (event.kind) {
    case "GlobalReleased":
    case "GlobalTakenOver":
    case "GlobalForceReleased":
    case "DelegationEnded":
      return event.cause !== "unchosen";
    default:
      return false;
  }
}

function isDelegation({ kind }: RegisterTenureEvent): boolean {
  return kind.startsWith("Delegation");
}
