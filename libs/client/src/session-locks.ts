import type { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId } from "@holdfast/base/ids";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { AcquireRun } from "./acquire-run.ts";
import { unlessCancelled } from "./caller.ts";
import type { ClientCore } from "./client-core.ts";
import type { HeldLock } from "./held-lock.ts";
import type { AcquirePlan } from "./options.ts";
import type { Session } from "./session.ts";
import type { SessionPool } from "./session-pool.ts";
import type { AcquireEnd, AcquireTimes } from "./tenure.ts";
import { UnsettledRequests } from "./unsettled-requests.ts";

/** Sessions that may end under one acquire; one more in a row is no coincidence. */
const sessionsMax = 3;

/** Another session would have got an answer about the lock. */
function isOfSession(end: AcquireEnd<HeldLock>): boolean {
  if (end.kind !== "failure") return false;
  // A router may count places a while longer than the client that has given them up.
  return (
    end.code === "SESSION_EXPIRED" || (end.code === "QUOTA_EXCEEDED" && end.field === "session_id")
  );
}

/** Takes locks under the sessions of one client. */
export class SessionLocks {
  readonly #core: ClientCore;
  readonly #pool: SessionPool;
  #requests = 0;

  constructor(core: ClientCore, pool: SessionPool) {
    this.#core = core;
    this.#pool = pool;
  }

  /** Runs an acquire to its end, which comes by the plan's wait and `timeoutMs`. */
  async acquire(
    plan: AcquirePlan,
    timeoutMs: number,
    caller: Cancellation,
  ): Promise<AcquireEnd<HeldLock>> {
    const { order } = plan;
    const waitUntilMs = this.#core.ports.clock.monotonicMs() + order.waitMs;
    const times = { waitUntilMs, giveUpMs: waitUntilMs + timeoutMs };
    const unsettled = new UnsettledRequests(this.#core);
    const end = await this.#run(plan, times, unsettled, caller);
    return unsettled.told(end, order.lock, times.giveUpMs, caller);
  }

  async #run(
    plan: AcquirePlan,
    times: AcquireTimes,
    unsettled: UnsettledRequests,
    caller: Cancellation,
  ): Promise<AcquireEnd<HeldLock>> {
    const { order, ttlMs } = plan;
    let introduced: Session | undefined;
    for (let sessions = 1; ; sessions++) {
      if (caller.cancelled) return { kind: "abandoned" };
      const session = this.#pool.find(ttlMs, order.lock.region);
      const begun = session
        ? { session, run: this.#begin(session, plan, times, unsettled) }
        : await unlessCancelled(caller, this.#beginLater(plan, times, unsettled, caller));
      if (begun === undefined) return { kind: "abandoned" };
      if ("kind" in begun) return begun;
      const { run } = begun;
      const forget = caller.onCancel(() => run.abandon());
      const end = await run.start();
      forget();
      if (!isOfSession(end) || sessions === sessionsMax) return end;
      const { session: used } = begun;
      if (used !== introduced && this.#isUnmet(end, used, order.lock.region)) introduced = used;
      // What it holds elsewhere may live on; new locks go under another session.
      else used.retire();
    }
  }

  /**
   * A region that decides about global locks does not know it, and others do: after a change of
   * router, perhaps. It is made known there before it is used again.
   */
  #isUnmet(end: AcquireEnd<HeldLock>, session: Session, region: string): boolean {
    if (end.kind !== "failure" || end.code !== "SESSION_EXPIRED") return false;
    return region === globalRegion && session.lives() && this.#pool.unlearn(session, region);
  }

  #begin(
    session: Session,
    { order, onPosition }: AcquirePlan,
    times: AcquireTimes,
    unsettled: UnsettledRequests,
  ) {
    // Unique within the client is enough: the session makes it unique, and unguessable.
    const newId = () => `r${(this.#requests++).toString(36)}` as RequestId;
    return new AcquireRun(this.#core, session, newId, order, times, unsettled, onPosition);
  }

  /** The same once there is a session with a place. */
  #beginLater(
    plan: AcquirePlan,
    times: AcquireTimes,
    unsettled: UnsettledRequests,
    caller: Cancellation,
  ) {
    const { region } = plan.order.lock;
    return this.#pool.claim(plan.ttlMs, region, times.giveUpMs, (session) =>
      caller.cancelled ? undefined : { session, run: this.#begin(session, plan, times, unsettled) },
    );
  }
}
