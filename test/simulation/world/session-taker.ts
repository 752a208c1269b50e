import { Cancellation } from "@holdfast/base/cancellation";
import type { HeldLock } from "@holdfast/client/held-lock";
import type { SessionLocks } from "@holdfast/client/session-locks";
import { requestLabel } from "@holdfast/simulator/history/history-recorder";
import type { LockTaker, Refusal, Wish } from "./application.ts";
import type { TakenLock } from "./beliefs.ts";
import { region } from "./names.ts";

/** What an acquire may take beyond the time it waits. */
export const requestTimeoutMs = 5_000;

/** Takes locks under a session. */
export class SessionTaker implements LockTaker {
  readonly #locks: SessionLocks;

  constructor(locks: SessionLocks) {
    this.#locks = locks;
  }

  async take(wish: Wish): Promise<TakenLock | Refusal> {
    const caller = new Cancellation();
    wish.signal.addEventListener("abort", () => caller.cancel());
    const end = await this.#locks.acquire(planOf(wish), requestTimeoutMs, caller);
    if (end.kind === "admitted") return takenOf(end.value);
    return { refused: end.kind === "held" || end.kind === "timeout" ? end.kind : "given-up" };
  }
}

/** A wish as the client's own plan. */
export function planOf({ lock, mode, request, waitMs, ttlMs }: Wish) {
  const slash = lock.indexOf("/");
  const order = {
    lock: { region, namespace: lock.slice(0, slash), name: lock.slice(slash + 1) },
    scope: "local" as const,
    mode,
    waitMs,
    owner: "simulation",
    metadata: { [requestLabel]: request },
  };
  return { order, ttlMs, signal: undefined, onPosition: undefined };
}

function takenOf(lock: HeldLock): TakenLock {
  return {
    lock: `${lock.namespace}/${lock.name}`,
    grantId: lock.grantId,
    mode: lock.mode,
    token: lock.token,
    holds: () => lock.state === "held" || lock.state === "jeopardy",
    onLost: (callback) => lock.signal.addEventListener("abort", callback),
    release: () => lock.release(),
  };
}
