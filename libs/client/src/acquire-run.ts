import { failureStatus } from "@holdfast/api/failure-status";
import type { Timer } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, RequestId } from "@holdfast/base/ids";
import type { AcquireCommand, SessionLease } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import { type ClockReading, readClocks } from "@holdfast/core/lease/validity";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { isGlobal, printLock } from "@holdfast/core/lock/lock-id";
import { answerMsMax, answerMsMin, endingMsMax } from "./answer-time.ts";
import { backoffMs } from "./backoff.ts";
import type { ClientCore } from "./client-core.ts";
import type { ReleaseResult } from "./lock.ts";
import { isRepeatable } from "./persist.ts";
import {
  type AcquireEnd,
  type AcquireOrder,
  type AcquireTimes,
  type SendTimes,
  type Tenure,
  underTenure,
} from "./tenure.ts";
import type { UnsettledRequests } from "./unsettled-requests.ts";

/**
 * One acquire request, sent as often as it takes to learn what became of it: always under the same
 * request id, so that however many copies arrive they make one grant. (A global one that was sent
 * once and certainly refused is asked for anew, under another id: of a copy no region can say in
 * the end that it was refused, only that nobody knows [H5].)
 */
export class AcquireRun<T> {
  readonly #newId: () => RequestId;
  readonly #global: boolean;
  readonly #core: ClientCore;
  readonly #tenure: Tenure<T>;
  readonly #order: AcquireOrder;
  readonly #unsettled: UnsettledRequests;
  readonly #waitUntilMs: number;
  readonly #giveUpMs: number;
  readonly #onPosition: ((position: number) => void) | undefined;
  #resolve: (end: AcquireEnd<T>) => void = () => {};
  #requestId: RequestId;
  #grantId: GrantId | undefined;
  #firstSentAt: ClockReading | undefined;
  #sends = 0;
  #outstanding = 0;
  #repeats = 0;
  #unanswered = false;
  #granted = false;
  #over = false;
  #connecting = false;
  #lastFailure: Failure | undefined;
  #timer: Timer | undefined;

  /**
   * `newId`: a request id that no other request has. `unsettled` gets those that another one takes
   * the place of, here or after the session has ended.
   */
  constructor(
    core: ClientCore,
    tenure: Tenure<T>,
    newId: () => RequestId,
    order: AcquireOrder,
    times: AcquireTimes,
    unsettled: UnsettledRequests,
    onPosition?: (position: number) => void,
  ) {
    this.#core = core;
    this.#tenure = tenure;
    this.#newId = newId;
    this.#requestId = newId();
    this.#order = order;
    this.#global = isGlobal(order.lock);
    this.#waitUntilMs = times.waitUntilMs;
    this.#giveUpMs = times.giveUpMs;
    this.#unsettled = unsettled;
    this.#onPosition = onPosition;
    tenure.expect(this);
  }

  get grantId(): GrantId {
    this.#grantId ??= grantIdOf(this.#tenure.sessionId, this.#requestId);
    return this.#grantId;
  }

  /** Runs to its end, which comes no later than `giveUpMs`, or at once when abandoned. */
  start(): Promise<AcquireEnd<T>> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#attempt();
    });
  }

  /** The caller does not want the lock any more. */
  abandon(): void {
    this.#end({ kind: "abandoned" });
  }

  #attempt(): void {
    this.#timer?.cancel();
    if (this.#over) return;
    const { link, ports } = this.#core;
    const sentAt = readClocks(ports.clock);
    const leftMs = this.#giveUpMs - sentAt.monotonicMs;
    // Sent in the last moment, a repeat would only put in doubt what is known to be refused.
    const isTooLate = leftMs < answerMsMin && this.#lastFailure !== undefined;
    if (leftMs <= 0 || isTooLate) this.#giveUp();
    else if (!link.connected) this.#awaitRouter();
    else {
      this.#firstSentAt ??= sentAt;
      this.#sends++;
      this.#outstanding++;
      const waitMs = Math.ceil(Math.max(0, this.#waitUntilMs - sentAt.monotonicMs));
      const withinMs = Math.min(waitMs + answerMsMax, leftMs);
      const send = this.#sends;
      const id = this.#requestId;
      const onAnswer = (outcome: AcquireOutcome) => {
        // A copy of a request that is being cancelled: another one was asked for in its stead.
        if (id === this.#requestId) this.#answered(outcome, sentAt, send);
      };
      const onLeases = this.#global
        ? (leases: readonly SessionLease[]) => this.#placed(leases)
        : undefined;
      link.send(this.#command(waitMs), withinMs, onAnswer, this.#onPosition, onLeases);
      const { repeatMs } = this.#tenure;
      if (repeatMs !== undefined && waitMs > repeatMs) this.#later(repeatMs, () => this.#attempt());
    }
  }

  #placed(leases: readonly SessionLease[]): void {
    if (!this.#over) this.#tenure.placed(leases);
  }

  /** Runs `next` after `delayMs`, or when it is time to give up. */
  #later(delayMs: number, next: () => void): void {
    const { clock } = this.#core.ports;
    this.#timer?.cancel();
    const leftMs = Math.max(0, this.#giveUpMs - clock.monotonicMs());
    this.#timer = clock.schedule(Math.min(delayMs, leftMs), next);
  }

  #awaitRouter(): void {
    if (this.#connecting) return;
    this.#connecting = true;
    void this.#core.link.ready(this.#giveUpMs).then((connected) => {
      this.#connecting = false;
      if (connected) this.#attempt();
      else this.#giveUp();
    });
  }

  #command(waitMs: number): AcquireCommand {
    const requestId = this.#requestId;
    const { lock, scope, mode, owner, metadata, traceparent } = this.#order;
    const { sessionId: session } = this.#tenure;
    const command = {
      kind: "acquire",
      lock,
      scope,
      mode,
      requestId,
      waitMs,
      owner,
      metadata,
    } as const;
    // One literal for what nearly every acquire is: spreads cost more than all of the rest.
    const resent = this.#global && this.#sends > 1;
    if (session !== undefined && traceparent === undefined && !resent)
      return { ...command, session };
    const trace = traceparent === undefined ? undefined : { traceparent };
    const said = resent ? { resent } : undefined;
    return { ...command, ...underTenure(this.#tenure), ...trace, ...said };
  }

  /** `send`: which of the copies was answered, from 1 on. */
  #answered(outcome: AcquireOutcome, sentAt: ClockReading, send: number): void {
    this.#outstanding--;
    if (this.#over) return;
    if (outcome.kind === "granted") {
      void this.#admit(outcome.grant, { first: this.#firstSentAt ?? sentAt, own: sentAt });
      return;
    }
    const refused =
      outcome.kind !== "failure" || !(isRepeatable(outcome) || this.#isForgotten(outcome));
    if (refused && !this.#isOvertaken(outcome, send)) {
      this.#core.budget.succeeded();
      this.#end(outcome);
      return;
    }
    if (outcome.kind === "failure") {
      if (this.#isForgotten(outcome)) {
        if (!this.#granted) this.#startOver();
      } else if (outcome.code === "UNKNOWN_OUTCOME") {
        this.#unanswered = true;
        this.#tenure.wantList();
      } else if (this.#global && this.#sends === 1) this.#askAnew();
      this.#lastFailure = outcome;
    }
    // While another copy has no answer yet, that one may still be the decision.
    if (this.#outstanding === 0 && !this.#granted) this.#retry(this.#lastFailure);
  }

  /**
   * The first copy of a global request was refused where it was the only one. A later one may be
   * granted still, so its refusal is none of the request.
   */
  #isOvertaken(outcome: Exclude<AcquireOutcome, { kind: "granted" }>, send: number): boolean {
    if (!this.#global || send > 1 || this.#sends === 1) return false;
    return outcome.kind !== "failure" || failureStatus[outcome.code].repeat !== "no";
  }

  /**
   * No repeat can be granted: the lock changed hands too often since the request was first seen, or
   * what it was granted ended before anybody heard of it.
   */
  #isForgotten({ code, field }: Failure): boolean {
    if (!this.#global) return false;
    return code === "LOST" || (code === "UNKNOWN_OUTCOME" && field === "request_id");
  }

  /** Whatever became of the request is taken back, and another one takes its place. */
  #startOver(): void {
    this.#unsettled.add(this.#cancel());
    this.#outstanding = 0;
    this.#unanswered = false;
    this.#askAnew();
  }

  /** The request was sent once and is over, and nothing of it can come true any more. */
  #askAnew(): void {
    this.#requestId = this.#newId();
    this.#grantId = undefined;
    this.#firstSentAt = undefined;
    this.#sends = 0;
  }

  #retry(last: Failure | undefined): void {
    const { link, budget, ports } = this.#core;
    // A change of router is no overload: the search for the next one has taken its time already.
    const delayMs = link.connected ? backoffMs(ports.random, this.#repeats, last?.retryAfterMs) : 0;
    this.#repeats++;
    const nowMs = ports.clock.monotonicMs();
    const mayRepeat = delayMs === 0 || nowMs >= this.#giveUpMs || budget.take(nowMs);
    this.#later(delayMs, () => (mayRepeat ? this.#attempt() : this.#retry(last)));
  }

  async #admit(grant: Grant, sentAt: SendTimes): Promise<void> {
    if (this.#granted) return;
    this.#granted = true;
    this.#timer?.cancel();
    const { clock } = this.#core.ports;
    const sinceMs = clock.monotonicMs();
    const repeated = this.#sends > 1 || this.#unanswered;
    for (;;) {
      const value = this.#tenure.admit(grant, sentAt, repeated);
      if (value === "ended") {
        this.#end(
          failure("SESSION_EXPIRED", "The lease of the grant ended before it could be used."),
        );
      } else if (value !== "unconfirmed") {
        this.#core.budget.succeeded();
        this.#end({ kind: "admitted", value });
      }
      if (this.#over) return;
      await this.#tenure.confirmed(this.#giveUpMs, sinceMs, grant);
      if (this.#over) return;
      const nowMs = clock.monotonicMs();
      if (nowMs >= this.#giveUpMs) this.#giveUp();
      else if (this.#global && nowMs - sinceMs >= this.#tenure.cancelMs) return this.#renounce();
    }
  }

  /**
   * A ttl long nobody has said for how long the grant may be believed in, and nobody else gets the
   * lock meanwhile: it is given back, and asked for anew.
   */
  #renounce(): void {
    this.#granted = false;
    this.#startOver();
    this.#attempt();
  }

  #giveUp(): void {
    const lock = printLock(this.#order.lock);
    if (this.#unanswered || this.#outstanding > 0 || this.#granted) {
      const story =
        `No definite answer came about ${lock} in time. It is being cancelled in the background; ` +
        "until that succeeds, or its lease ends, it may be held by nobody." +
        (this.#lastFailure === undefined ? "" : ` Last: ${this.#lastFailure.message}`);
      this.#end(failure("UNKNOWN_OUTCOME", story));
    } else this.#end(this.#lastFailure ?? this.#core.link.trouble);
  }

  #end(end: AcquireEnd<T>): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    // Before the request is forgotten: a list must not find a grant that nobody knows of.
    if (end.kind !== "admitted") this.#cancelIfNeeded(end);
    this.#tenure.forget(this);
    this.#resolve(end);
  }

  /** A copy may be on its way, or granted already, whatever the last answer said. */
  #cancelIfNeeded(end: AcquireEnd<T>): void {
    if (this.#sends === 0) return;
    const definite = this.#sends === 1 && this.#outstanding === 0 && !this.#unanswered;
    if (definite && !this.#granted) return;
    const cancelled = this.#cancel();
    // Under another session, or in another region's line, a copy of it may have the lock yet.
    const isExpired = end.kind === "failure" && end.code === "SESSION_EXPIRED";
    if (isExpired || (this.#global && this.#sends > 1)) this.#unsettled.add(cancelled);
  }

  #cancel(): Promise<ReleaseResult> {
    const { lock } = this.#order;
    const cancel = {
      kind: "cancel" as const,
      lock,
      grantId: this.grantId,
      ...underTenure(this.#tenure),
    };
    const { sessionId, cancelMs } = this.#tenure;
    const withinMs = this.#global && sessionId !== undefined ? endingMsMax : cancelMs;
    const untilMs = this.#core.ports.clock.monotonicMs() + withinMs;
    return this.#core.settler.settle(cancel, untilMs);
  }
}
