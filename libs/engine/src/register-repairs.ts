import type { Timer } from "@holdfast/base/clock";
import { isFailure } from "@holdfast/base/failure";
import type { AcceptRequest } from "@holdfast/core/quorum/message";
import { answerMs, type GlobalContext } from "./global-context.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";

const pauseMs = { min: 500, max: 15_000 };
/** After that the region hears of the register with its next change. */
const triesMax = 20;

/**
 * Tells a region that was silent what was chosen without it: by the very accept that it missed,
 * which a newer promise refuses. So a region that comes back takes part again soon, and a grant
 * gains its third region.
 */
export class RegisterRepairs {
  readonly #context: GlobalContext;
  readonly #lock: GlobalLockId;
  readonly #missed = new Map<number, Timer>();
  #isStopped = false;

  constructor(context: GlobalContext, lock: GlobalLockId) {
    this.#context = context;
    this.#lock = lock;
  }

  get isIdle(): boolean {
    return this.#missed.size === 0;
  }

  /** The region at `index` never answered `request`, and its value is chosen. */
  add(index: number, request: AcceptRequest): void {
    this.forget(index);
    // What was under way when the coordinator stopped comes to its end afterwards.
    if (!this.#isStopped) this.#later(index, request, 0);
  }

  /** Something newer goes to that region. */
  forget(index: number): void {
    this.#missed.get(index)?.cancel();
    this.#missed.delete(index);
  }

  stop(): void {
    this.#isStopped = true;
    for (const index of [...this.#missed.keys()]) this.forget(index);
  }

  #later(index: number, request: AcceptRequest, tries: number): void {
    const { clock, random } = this.#context.surroundings;
    const delayMs = Math.min(pauseMs.max, pauseMs.min * 2 ** tries) * (0.5 + random.next() / 2);
    const timer = clock.schedule(delayMs, () => void this.#send(index, request, tries, timer));
    this.#missed.set(index, timer);
  }

  async #send(index: number, request: AcceptRequest, tries: number, timer: Timer): Promise<void> {
    const reply = await this.#context.regions[index]?.accept(this.#lock, request, answerMs);
    // Something newer went there meanwhile.
    if (this.#missed.get(index) !== timer) return;
    this.#missed.delete(index);
    const isHeard = reply === undefined || !isFailure(reply);
    if (!isHeard && tries < triesMax) this.#later(index, request, tries + 1);
  }
}
