import type { Timer } from "@holdfast/base/clock";
import type { Failure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import type { HeartbeatOutcome } from "@holdfast/core/command/outcome";
import { type ClockReading, deltaMs, readClocks } from "@holdfast/core/lease/validity";
import { heartbeatAnswerMs } from "./answer-time.ts";
import type { ClientCore } from "./client-core.ts";
import { Listing } from "./listing.ts";
import type { SessionBeliefs } from "./session-beliefs.ts";

/** More heartbeats without an answer would say nothing new to a router that is silent. */
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

/**
 * When a session's heartbeats are sent, and the watch over the clocks that goes with it: one timer,
 * whose lateness tells of a process that stood still.
 */
export class Pulse {
  readonly listing: Listing;
  readonly #core: ClientCore;
  readonly #owner: PulseOwner;
  #stopped = false;
  #inFlight = 0;
  #beatMs: number;
  #timer: Timer | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #awaiting: { readonly afterMs: number; readonly wake: () => void }[] = [];

  constructor(core: ClientCore, owner: PulseOwner) {
    this.#core = core;
    this.#owner = owner;
    const nowMs = core.ports.clock.monotonicMs();
    this.listing = new Listing(nowMs);
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

  /** Resolves once a heartbeat sent from now on was answered, or at `untilMs`. */
  answered(untilMs: number): Promise<void> {
    return new Promise((resolve) => {
      const due = { dueMs: untilMs, onDue: resolve };
      const wake = () => {
        this.#core.dues.remove(due);
        resolve();
      };
      this.#core.dues.add(due);
      this.#awaiting.push({ afterMs: this.#core.ports.clock.monotonicMs(), wake });
      this.soon();
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
    if (nowMs >= this.#beatMs) this.#beat(nowMs);
    this.arm();
  }

  #beat(nowMs: number): void {
    const { link } = this.#core;
    this.#beatMs = nowMs + this.#intervalMs();
    // Were the router to go, the next one would be looked for at once; it is reported as a change.
    link.demand(nowMs + this.#owner.ttlMs);
    if (link.connected && this.#inFlight < inFlightMax) void this.#send();
  }

  async #send(): Promise<void> {
    const { id: session, ttlMs, beliefs, expecting } = this.#owner;
    const { leases } = beliefs;
    if (leases.length === 0 && !expecting) return;
    // Before it is sent: from the answer's arrival the store's time would have run already.
    const sentAt = readClocks(this.#core.ports.clock);
    const list = this.listing.due(sentAt.monotonicMs, this.#intervalMsLongest());
    const { mark } = this.listing;
    this.#inFlight++;
    const outcome = await this.#core.link.request(
      { kind: "heartbeat", session, ttlMs, leases, list },
      heartbeatAnswerMs(ttlMs),
    );
    this.#inFlight--;
    if (this.#stopped) return;
    // Before the answer is believed: a lock past its deadline is lost, and stays it.
    this.check();
    if (outcome.kind === "heartbeat") {
      if (list) this.listing.answered(mark, sentAt.monotonicMs, outcome.leases);
    } else {
      if (outcome.code === "UNKNOWN_OUTCOME") this.listing.want();
      this.#retry(sentAt.monotonicMs);
    }
    this.#owner.onAnswer(outcome, sentAt);
    if (outcome.kind === "heartbeat") this.#wake(sentAt.monotonicMs);
    this.check();
    this.arm();
  }

  /** After a heartbeat in vain the next one comes well before its time, but not at once. */
  retrySoon(): void {
    this.#retry(this.#core.ports.clock.monotonicMs());
  }

  #retry(fromMs: number): void {
    const pauseMs = (this.#owner.ttlMs / 12) * (0.5 + this.#core.ports.random.next() / 2);
    this.#beatMs = Math.min(this.#beatMs, fromMs + pauseMs);
    this.arm();
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

/**
 * How often the clocks are looked at while a lock is held, so that a stall does not go unnoticed.
 */
function watchMs(ttlMs: number): number {
  return Math.min(1_000, ttlMs / 10);
}
