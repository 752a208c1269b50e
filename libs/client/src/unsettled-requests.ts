import type { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import { type LockId, printLock } from "@holdfast/core/lock/lock-id";
import { unlessCancelled } from "./caller.ts";
import { bounded, type ClientCore } from "./client-core.ts";
import type { ReleaseResult } from "./lock.ts";
import type { AcquireEnd } from "./tenure.ts";

/**
 * Requests of one acquire that are being cancelled, and may have been granted: another one took
 * their place, or they were sent more than once. Until its cancel is answered, each may hold the
 * lock in its caller's name.
 */
export class UnsettledRequests {
  readonly #core: ClientCore;
  /** Made when it is needed: nearly every acquire is one request. */
  #open: Set<Promise<ReleaseResult>> | undefined;

  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** `cancelled`: how its cancel ends. */
  add(cancelled: Promise<ReleaseResult>): void {
    this.#open ??= new Set();
    const open = this.#open;
    open.add(cancelled);
    void cancelled.then((result) => {
      if (result !== "unknown") open.delete(cancelled);
    });
  }

  /**
   * What the caller may be told. That it has not got the lock is told once it is true of them all,
   * which is waited for until `untilMs` on the monotonic clock; after that the outcome is unknown.
   */
  async told<T>(
    end: AcquireEnd<T>,
    lock: LockId,
    untilMs: number,
    caller: Cancellation,
  ): Promise<AcquireEnd<T>> {
    const open = this.#open;
    if (open === undefined || open.size === 0 || !saysNo(end)) return end;
    const leftMs = Math.max(0, untilMs - this.#core.ports.clock.monotonicMs());
    const all = Promise.all(open);
    await unlessCancelled(caller, bounded(this.#core, all, leftMs, []));
    if (caller.cancelled) return { kind: "abandoned" };
    if (open.size === 0) return end;
    const last = end.kind === "failure" ? ` Last: ${end.message}` : "";
    return failure(
      "UNKNOWN_OUTCOME",
      `A request of this acquire of ${printLock(lock)} may have been granted, and its cancel was ` +
        "not answered in time. It goes on in the background; until it succeeds, or the lease ends, " +
        `the lock may be held by nobody.${last}`,
    );
  }
}

/** That a session ended, or that nothing is known, leaves it open already. */
function saysNo(end: AcquireEnd<unknown>): boolean {
  if (end.kind === "admitted" || end.kind === "abandoned") return false;
  return end.kind !== "failure" || !["UNKNOWN_OUTCOME", "SESSION_EXPIRED"].includes(end.code);
}
