import type { Timer } from "@holdfast/base/clock";
import type { Failure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import type { HeartbeatOutcome } from "@holdfast/core/command/outcome";
import { type ClockReading, deltaMs, readClocks } from "@holdfast/core/lease/validity";
import { heartbeatAnswerMs } from "./answer-time.ts";
import type { ClientCore } from "./client-core.ts";
import { Listing } from "./listing.ts";
import type { SessionBeliefs } from "./session-beliefs.ts";

/** More heartbeats without an answer would say nothing new to a region that is silent. */
const inFlightMax = 4;

/** So that the list that is due every minute finds a heartbeat to go with, however long the ttl. */
const intervalMsMax = 50_000;

/** Whose pulse it is. */
export interface PulseOwner {
  readonly id: SessionId;
  readonly ttlMs: number;
  readonly beliefs: SessionBeliefs;
  /** Requests are under way whose leases are not known yet. */
  readonly expecting: boolean;
  /** Time has passed: lost locks may be due for collection. */
  onTick(nowMs: number): void;
  /** `sentAt` was read before the heartbeat was sent. */
  onAnswer(outcome: HeartbeatOutcome | Failure, sentAt: ClockReading): void;
}

/** The heartbeats to one region. */
interface RegionBeat {
  readonly listing: Listing;
  inFlight: number;
  /** When this region is asked again out of turn. */
  retryMs: number;
}

/**
 * When a session's heartbeats are sent, and the watch over the clocks that goes with it: one timer,
 * whose lateness tells of a process that stood still. Each region with a lease of the session gets
 * a heartbeat of its own, so that one that is slow or gone delays no other.
 */
export class Pulse {
  readonly #core: ClientCore;
  readonly #owner: PulseOwner;
  readonly #startedMs: number;
  /** By region; by nothing while no lease is known. */
  readonly #regions = new Map<string, RegionBeat>();
  #wanted = false;
  #stopped = false;
  #beatMs: number;
  #sentMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #awaiting: { readonly afterMs: number; readonly wake: () => void }[] = [];

  constructor(core: ClientCore, owner: PulseOwner) {
    this.#core = core;
    this.#owner = owner;
    const nowMs = core.ports.clock.monotonicMs();
    this.#startedMs = nowMs;
    this.#beatMs = nowMs + this.#intervalMs();
    core.link.demand(nowMs + owner.ttlMs);
    this.arm();
  }

  /**
   * Brings every belief up to this moment, and notices whether the process has just stood still.
   */
  check(): ClockReading {
    const { beliefs, ttlMs } = this.#owner;
    const now = readClocks(this.#core.ports.clock);
    const stalled = now.monotonicMs - this.#timerDueMs > deltaMs(ttlMs);
    if (stalled) {
      // Once for each late timer: were every read to ask for a newer confirmation, none would do.
      this.#disarm();
      beliefs.doubtAll(now.monotonicMs);
    }
    beliefs.check(now, stalled);
    if (stalled) this.soon();
    return now;
  }

  /** Sets the timer for whatever comes first. */
  arm(): void {
    if (this.#stopped) return;
    const { beliefs, ttlMs } = this.#owner;
    const nowMs = this.#core.ports.clock.monotonicMs();
    let dueMs = Math.min(this.#beatMs, beliefs.nextChangeMs());
    for (const { retryMs } of this.#regions.values()) dueMs = Math.min(dueMs, retryMs);
    if (beliefs.holding) dueMs = Math.min(dueMs, nowMs + watchMs(ttlMs));
    dueMs = Math.max(dueMs, nowMs);
    // A timer that comes earlier sets the next one when it has run.
    if (this.#timerDueMs <= dueMs) return;
    this.#disarm();
    this.#timerDueMs = dueMs;
    this.#timer = this.#core.ports.clock.schedule(dueMs - nowMs, () => this.#tick());
  }

  /** The next heartbeat goes now. */
  soon(): void {
    this.#beatMs = Math.min(this.#beatMs, this.#core.ports.clock.monotonicMs());
    this.arm();
  }

  /** The next heartbeats list what hangs on the session. */
  wantList(): void {
    this.#wanted = true;
    for (const { listing } of this.#regions.values()) listing.want();
  }

  /** Resolves once a heartbeat sent since `sinceMs` is answered, or at `untilMs`. */
  answered(untilMs: number, sinceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const due = { dueMs: untilMs, onDue: resolve };
      const wake = () => {
        this.#core.dues.remove(due);
        resolve();
      };
      this.#core.dues.add(due);
      this.#awaiting.push({ afterMs: sinceMs, wake });
      // Whoever waits again has had an answer that did not do: at once, the next one would not
      // either.
      if (this.#sentMs < sinceMs) this.soon();
      else this.#beatBy(this.#core.ports.clock.monotonicMs() + this.#pauseMs());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#disarm();
    for (const { wake } of this.#awaiting.splice(0)) wake();
  }

  #tick(): void {
    this.check();
    this.#disarm();
    const nowMs = this.#core.ports.clock.monotonicMs();
    this.#owner.onTick(nowMs);
    this.#beat(nowMs);
    this.arm();
  }

  #beat(nowMs: number): void {
    const { link } = this.#core;
    const all = nowMs >= this.#beatMs;
    const due = (retryMs: number) => all || nowMs >= retryMs;
    if (!all && ![...this.#regions.values()].some(({ retryMs }) => due(retryMs))) return;
    if (all) this.#beatMs = nowMs + this.#intervalMs();
    // Were the router to go, the next one would be looked for at once; it is reported as a change.
    link.demand(nowMs + this.#owner.ttlMs);
    const byRegion = groupByRegion(this.#owner.beliefs.leases, this.#owner.expecting);
    for (const [region, beat] of this.#regions) {
      if (!byRegion.has(region) && beat.inFlight === 0) this.#regions.delete(region);
    }
    for (const [region, leases] of byRegion) {
      const beat = this.#regionBeat(region);
      if (!due(beat.retryMs)) continue;
      beat.retryMs = Number.POSITIVE_INFINITY;
      if (!link.connected || beat.inFlight >= inFlightMax) continue;
      // Another region's silence says nothing of the router while it has to answer for its own.
      const isRelayed = region !== link.region && byRegion.has(link.region ?? "");
      void this.#send(beat, leases, isRelayed);
    }
    // Of a region that has gone meanwhile, nobody asks any more.
    for (const beat of this.#regions.values()) {
      if (due(beat.retryMs)) beat.retryMs = Number.POSITIVE_INFINITY;
    }
  }

  #regionBeat(region: string): RegionBeat {
    const known = this.#regions.get(region);
    if (known !== undefined) return known;
    const listing = new Listing(this.#startedMs);
    if (this.#wanted) listing.want();
    const beat = { listing, inFlight: 0, retryMs: Number.POSITIVE_INFINITY };
    this.#regions.set(region, beat);
    return beat;
  }

  async #send(
    beat: RegionBeat,
    leases: readonly SessionLease[],
    isRelayed: boolean,
  ): Promise<void> {
    const { id: session, ttlMs, beliefs } = this.#owner;
    const { listing } = beat;
    // Before it is sent: from the answer's arrival the store's time would have run already.
    const sentAt = readClocks(this.#core.ports.clock);
    this.#sentMs = sentAt.monotonicMs;
    const list = listing.due(sentAt.monotonicMs, this.#intervalMsLongest());
    const { mark } = listing;
    beat.inFlight++;
    const { link } = this.#core;
    const heartbeat = { kind: "heartbeat", session, ttlMs, leases, list } as const;
    const answerMs = heartbeatAnswerMs(ttlMs);
    const outcome = await (isRelayed
      ? link.relay(heartbeat, answerMs)
      : link.request(heartbeat, answerMs));
    beat.inFlight--;
    if (this.#stopped) return;
    // Before the answer is believed: a lock past its deadline is lost, and stays it.
    this.check();
    if (outcome.kind === "heartbeat") {
      if (list) listing.answered(mark, sentAt.monotonicMs, outcome.leases);
      if (outcome.leases.some(({ lease, unknown }) => unknown && !beliefs.hasRunOut(lease))) {
        beat.retryMs = Math.min(
          beat.retryMs,
          this.#core.ports.clock.monotonicMs() + this.#pauseMs(),
        );
      }
    } else {
      if (outcome.code === "UNKNOWN_OUTCOME") listing.want();
      beat.retryMs = Math.min(beat.retryMs, sentAt.monotonicMs + this.#pauseMs());
    }
    this.#owner.onAnswer(outcome, sentAt);
    if (outcome.kind === "heartbeat") this.#wake(sentAt.monotonicMs);
    this.check();
    this.arm();
  }

  /** After a heartbeat in vain the next one comes well before its time, but not at once. */
  retrySoon(): void {
    this.#beatBy(this.#core.ports.clock.monotonicMs() + this.#pauseMs());
  }

  #beatBy(dueMs: number): void {
    this.#beatMs = Math.min(this.#beatMs, dueMs);
    this.arm();
  }

  #pauseMs(): number {
    return (this.#owner.ttlMs / 12) * (0.5 + this.#core.ports.random.next() / 2);
  }

  #wake(sentMs: number): void {
    if (this.#awaiting.length === 0) return;
    const woken = this.#awaiting.filter((entry) => entry.afterMs <= sentMs);
    this.#awaiting = this.#awaiting.filter((entry) => entry.afterMs > sentMs);
    for (const { wake } of woken) wake();
  }

  #intervalMsLongest(): number {
    return Math.min(this.#owner.ttlMs / 3, intervalMsMax);
  }

  #intervalMs(): number {
    return this.#intervalMsLongest() * (0.8 + 0.2 * this.#core.ports.random.next());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }
}

function groupByRegion(
  leases: readonly SessionLease[],
  expecting: boolean,
): Map<string, SessionLease[]> {
  const byRegion = new Map<string, SessionLease[]>();
  for (const lease of leases) {
    const group = byRegion.get(lease.region);
    if (group === undefined) byRegion.set(lease.region, [lease]);
    else group.push(lease);
  }
  // Requests are under way whose leases are not known yet: the router looks them up.
  if (leases.length === 0 && expecting) byRegion.set("", []);
  return byRegion;
}

/**
 * How often the clocks are looked at while a lock is held, so that a stall does not go unnoticed.
 */
function watchMs(ttlMs: number): number {
  return Math.min(1_000, ttlMs / 10);
}
