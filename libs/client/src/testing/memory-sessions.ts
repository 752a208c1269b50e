import type { Clock } from "@holdfast/base/clock";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import { validityMs } from "@holdfast/core/lease/validity";

/** A session's lease in one region. */
interface MemoryLease {
  readonly lease: SessionLease;
  readonly ttlMs: number;
  keptMs: number;
}

/** The sessions of a fake: one lease in each region a session is used in. */
export class MemorySessions {
  readonly #clock: Clock;
  readonly #leases = new Map<string, MemoryLease>();
  readonly #onEnd: (session: SessionId, region: string) => void;
  #lastLease = 0n;

  /** `onEnd`: everything of the session in that region has ended. */
  constructor(clock: Clock, onEnd: (session: SessionId, region: string) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** Opens the session in a region, or finds it there. */
  open(session: SessionId, region: string, ttlMs: number): SessionLease {
    const existing = this.#leases.get(keyOf(session, region));
    if (existing !== undefined) return existing.lease;
    this.#lastLease += 1n;
    const lease = { region, shard: "memory", leaseId: this.#lastLease as LeaseId };
    const keptMs = this.#clock.monotonicMs();
    this.#leases.set(keyOf(session, region), { lease, ttlMs, keptMs });
    this.#watch(session, region, ttlMs);
    return lease;
  }

  /** The session's lease in a region and how long it may be believed in. */
  find(
    session: SessionId,
    region: string,
  ):
    | { readonly lease: SessionLease; readonly ttlMs: number; readonly validForMs: number }
    | undefined {
    const found = this.#leases.get(keyOf(session, region));
    if (found === undefined) return undefined;
    const { lease, ttlMs, keptMs } = found;
    const validForMs = Math.max(0, validityMs(ttlMs) - (this.#clock.monotonicMs() - keptMs));
    return { lease, ttlMs, validForMs };
  }

  /** Every lease of a session. */
  leasesOf(session: SessionId): SessionLease[] {
    return [...this.#leases]
      .filter(([key]) => key.startsWith(`${session} `))
      .map(([, { lease }]) => lease);
  }

  /** Restarts a lease's ttl; 0 when it has ended, or is another one by now. */
  keepAlive(session: SessionId, lease: SessionLease): number {
    const found = this.#leases.get(keyOf(session, lease.region));
    if (found?.lease.leaseId !== lease.leaseId) return 0;
    found.keptMs = this.#clock.monotonicMs();
    return validityMs(found.ttlMs);
  }

  /** Ends the session in every region. */
  end(session: SessionId): void {
    for (const { region } of this.leasesOf(session)) {
      this.#leases.delete(keyOf(session, region));
      this.#onEnd(session, region);
    }
  }

  #watch(session: SessionId, region: string, delayMs: number): void {
    this.#clock.schedule(delayMs, () => {
      const found = this.#leases.get(keyOf(session, region));
      if (found === undefined) return;
      const leftMs = found.keptMs + found.ttlMs - this.#clock.monotonicMs();
      if (leftMs > 0) {
        this.#watch(session, region, leftMs);
        return;
      }
      this.#leases.delete(keyOf(session, region));
      this.#onEnd(session, region);
    });
  }
}

function keyOf(session: SessionId, region: string): string {
  return `${session} ${region}`;
}
