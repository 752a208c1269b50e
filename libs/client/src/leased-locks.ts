import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure } from "@holdfast/base/failure";
import type { RequestId } from "@holdfast/base/ids";
import { randomUuid } from "@holdfast/base/random";
import type { Grant } from "@holdfast/core/command/outcome";
import {
  type ClockReading,
  readClocks,
  validityMs,
  wasSuspended,
} from "@holdfast/core/lease/validity";
import { AcquireRun } from "./acquire-run.ts";
import { bounded, type ClientCore } from "./client-core.ts";
import { type GrantHandle, printHandle } from "./grant-handle.ts";
import type { ReleaseResult } from "./lock.ts";
import type { AcquirePlan } from "./options.ts";
import { isRepeatable, persist } from "./persist.ts";
import type { AcquireEnd, SendTimes, Tenure } from "./tenure.ts";
import { UnsettledRequests } from "./unsettled-requests.ts";

/** A lock with a ttl of its own: it outlives this process and ends unless it is renewed. */
export interface LeasedGrant extends GrantHandle {
  /** All of it as one text, for `renewHandle` and `releaseHandle`. */
  readonly handle: string;
  /** How long it may be believed in from now on, in ms. */
  readonly validForMs: number;
}

/** A grant as it was answered. */
interface Admitted {
  readonly grant: Grant;
  readonly sentAt: SendTimes;
  readonly repeated: boolean;
}

/** Takes, renews and releases locks that carry their own ttl. */
export class LeasedLocks {
  readonly #core: ClientCore;

  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** Runs an acquire to its end, which comes by the plan's wait and `timeoutMs`. */
  async acquire(
    plan: AcquirePlan,
    timeoutMs: number,
    caller: Cancellation,
  ): Promise<AcquireEnd<LeasedGrant>> {
    const { order, ttlMs, onPosition } = plan;
    const waitUntilMs = this.#nowMs() + order.waitMs;
    const times = { waitUntilMs, giveUpMs: waitUntilMs + timeoutMs };
    if (caller.cancelled) return { kind: "abandoned" };
    // Nobody shares a session with this request, so its id alone must tell it from every other.
    const newId = () => randomUuid(this.#core.ports.random) as RequestId;
    const tenure = tenureOf(ttlMs);
    const unsettled = new UnsettledRequests(this.#core);
    const run = new AcquireRun(this.#core, tenure, newId, order, times, unsettled, onPosition);
    const forget = caller.onCancel(() => run.abandon());
    const end = await unsettled.told(await run.start(), order.lock, times.giveUpMs, caller);
    forget();
    if (end.kind !== "admitted") return end;
    const confirmed = await this.#confirm(end.value, ttlMs, times.giveUpMs);
    if (!caller.cancelled || confirmed.kind !== "admitted") return confirmed;
    // The caller gave up while the grant was being renewed for it.
    void this.release(confirmed.value, ttlMs);
    return { kind: "abandoned" };
  }

  /** Extends the grant to `ttlMs` from now; the failure says why it is not held. */
  async renew(handle: GrantHandle, ttlMs: number, untilMs: number) {
    const { lock, grantId, token } = handle;
    const { outcome, firstSentAt } = await persist(
      this.#core,
      { kind: "renew", lock, grantId, token, ttlMs },
      untilMs,
    );
    if (outcome.kind === "failure") return outcome;
    const sentAt = firstSentAt ?? readClocks(this.#core.ports.clock);
    return { kind: "renewed" as const, validForMs: this.#left(sentAt, outcome.validForMs, ttlMs) };
  }

  /** Gives the grant up, trying for `timeoutMs`. */
  release(handle: GrantHandle, timeoutMs: number): Promise<ReleaseResult> {
    const { lock, grantId, token, mode, ttlMs, repeated } = handle;
    const release = { kind: "release" as const, lock, grantId, token, mode, repeated, ttlMs };
    const settled = this.#core.settler.settle(release, this.#nowMs() + timeoutMs);
    return bounded(this.#core, settled, timeoutMs, "unknown");
  }

  /**
   * A grant counts from the repeat that last put its place in line under a newer lease, where the
   * answer says that this one did, else from the first send, which may be long ago. Where too
   * little would be left it is renewed before it is handed out, and counts from then.
   */
  async #confirm(
    admitted: Admitted,
    ttlMs: number,
    untilMs: number,
  ): Promise<AcquireEnd<LeasedGrant>> {
    const { grant, sentAt, repeated } = admitted;
    const { lock, mode, token, grantId } = grant;
    const handle: GrantHandle = { lock, mode, token, grantId, ttlMs, repeated };
    const from = grant.validFrom === "this-send" ? sentAt.own : sentAt.first;
    let validForMs = this.#left(from, grant.validForMs, ttlMs);
    if (validForMs < ttlMs / 2) {
      const renewed = await this.renew(handle, ttlMs, untilMs);
      if (renewed.kind === "failure" || renewed.validForMs <= 0) {
        void this.release(handle, ttlMs);
        if (renewed.kind === "failure" && renewed.code !== "LOST") {
          return isRepeatable(renewed) ? unconfirmed(renewed) : renewed;
        }
        return failure("LOST", "The grant ran out before it could be renewed. Ask again.");
      }
      validForMs = renewed.validForMs;
    }
    const value = { ...handle, handle: printHandle(handle), validForMs };
    return { kind: "admitted", value };
  }

  /** What is left of a validity that counts from `sentAt`; nothing if the machine slept since. */
  #left(sentAt: ClockReading, validForMs: number, ttlMs: number): number {
    const now = readClocks(this.#core.ports.clock);
    if (wasSuspended(sentAt, now, ttlMs)) return 0;
    const deadlineMs = sentAt.monotonicMs + Math.min(validForMs, validityMs(ttlMs));
    return Math.max(0, deadlineMs - now.monotonicMs);
  }

  #nowMs(): number {
    return this.#core.ports.clock.monotonicMs();
  }
}

/** Whoever is told that nothing answered takes it that nothing was done. */
function unconfirmed(renewed: Failure): Failure {
  return failure(
    "UNKNOWN_OUTCOME",
    "The lock was granted after a long wait and could not be renewed in time. It is being released " +
      `in the background; until that succeeds, or its ttl is over, nobody has it. ${renewed.message}`,
  );
}

/** Without a session nothing keeps a place in line alive but the request itself [H6]. */
function tenureOf(ttlMs: number): Tenure<Admitted> {
  return {
    sessionId: undefined,
    ownTtlMs: ttlMs,
    repeatMs: ttlMs / 3,
    cancelMs: ttlMs,
    admit: (grant, sentAt, repeated) => ({ grant, sentAt, repeated }),
    confirmed: () => Promise.resolve(),
    // Repeats of the request are what keeps these alive.
    placed: () => {},
    expect: () => {},
    forget: () => {},
    wantList: () => {},
  };
}
