import { Cancellation } from "@holdfast/base/cancellation";
import { isFailure } from "@holdfast/base/failure";
import type { ClientParts } from "@holdfast/client/client-parts";
import type { HeldLock } from "@holdfast/client/held-lock";
import type { AcquireEnd } from "@holdfast/client/tenure";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { requestLabel } from "@holdfast/simulator/history/history-recorder";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { LockTaker, Refusal, Wish } from "../world/application.ts";
import type { TakenLock } from "../world/beliefs.ts";
import { LeasedHold } from "../world/own-ttl-taker.ts";
import type { GlobalRecorder } from "./global-recorder.ts";

/** What an acquire may take beyond the time it waits. */
export const requestTimeoutMs = 6_000;

/** What leaves it open whether the request was carried out. */
const openCodes = new Set(["UNKNOWN_OUTCOME", "SESSION_EXPIRED", "LOST"]);

/** Takes global locks by the real client, under a session or with a ttl of each lock's own. */
export class GlobalTaker implements LockTaker {
  readonly #parts: ClientParts;
  readonly #process: SimulatedProcess;
  readonly #recorder: GlobalRecorder;
  readonly #own: { readonly ownTtl: boolean; readonly renews: boolean };

  constructor(
    parts: ClientParts,
    process: SimulatedProcess,
    recorder: GlobalRecorder,
    own: { readonly ownTtl: boolean; readonly renews: boolean },
  ) {
    this.#parts = parts;
    this.#process = process;
    this.#recorder = recorder;
    this.#own = own;
  }

  async take(wish: Wish): Promise<TakenLock | Refusal> {
    const caller = new Cancellation();
    wish.signal.addEventListener("abort", () => caller.cancel());
    const { leasedLocks, sessionLocks } = this.#parts;
    if (this.#own.ownTtl) {
      const end = await leasedLocks.acquire(planOf(wish), requestTimeoutMs, caller);
      if (end.kind !== "admitted") return this.#refusal(wish, end);
      const hold = new LeasedHold(leasedLocks, this.#process, end.value, this.#own.renews);
      return this.#taken(
        wish,
        hold,
        () => hold.holds(),
        (callback) => hold.onLost(callback),
      );
    }
    const end = await sessionLocks.acquire(planOf(wish), requestTimeoutMs, caller);
    if (end.kind !== "admitted") return this.#refusal(wish, end);
    const lock = end.value;
    const holds = () => lock.state === "held" || lock.state === "jeopardy";
    return this.#taken(wish, lock, holds, (callback) => {
      lock.signal.addEventListener("abort", callback);
    });
  }

  #taken(
    { lock, request }: Wish,
    held: Pick<HeldLock, "grantId" | "mode" | "token" | "release">,
    holds: () => boolean,
    onLost: (callback: () => void) => void,
  ): TakenLock {
    const { grantId, mode, token } = held;
    const release = async () => {
      const result = await held.release();
      if (result === "released") this.#recorder.released(lock, request, grantId);
      return result;
    };
    return { lock, grantId, mode, token, holds, onLost, release };
  }

  #refusal({ lock, request }: Wish, end: AcquireEnd<never>): Refusal {
    const what = end.kind === "failure" ? end.code : end.kind;
    // One that gave up itself is told nothing.
    const isOpen = end.kind === "abandoned" || (end.kind === "failure" && openCodes.has(end.code));
    this.#recorder.denied(lock, request, { what, isDefinite: !isOpen });
    if (end.kind !== "failure" && end.kind !== "abandoned") this.#recorder.refused(request, what);
    if (isFailure(end)) return { refused: "given-up" };
    return { refused: end.kind === "held" || end.kind === "timeout" ? end.kind : "given-up" };
  }
}

/** A wish as the client's own plan. */
function planOf({ lock, mode, request, waitMs, ttlMs }: Wish) {
  const slash = lock.indexOf("/");
  const name = { namespace: lock.slice(0, slash), name: lock.slice(slash + 1) };
  const order = {
    lock: { region: globalRegion, ...name },
    scope: "global" as const,
    mode,
    waitMs,
    owner: "simulation",
    metadata: { [requestLabel]: request },
  };
  return { order, ttlMs, signal: undefined, onPosition: undefined };
}
