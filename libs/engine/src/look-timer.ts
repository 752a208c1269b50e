import type { Clock, Timer } from "@holdfast/base/clock";
import type { Random } from "@holdfast/base/random";

/** What a {@link LookTimer} needs. */
export interface LookTimerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** It goes off between one and two of these after it was armed, in ms. */
  readonly lookMs: number;
  readonly onLook: () => void;
}

/** Goes off once after it was armed: what nobody tells is found out now and then [H7]. */
export class LookTimer {
  readonly #options: LookTimerOptions;
  #timer: Timer | undefined;

  constructor(options: LookTimerOptions) {
    this.#options = options;
  }

  /** Armed already, it stays as it is. */
  arm(): void {
    const { clock, random, lookMs, onLook } = this.#options;
    this.#timer ??= clock.schedule(lookMs * (1 + random.next()), () => {
      this.#timer = undefined;
      onLook();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
