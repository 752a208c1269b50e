import { sleep } from "@holdfast/base/clock";
import { isFailure } from "@holdfast/base/failure";
import type { CancelCommand, ReleaseCommand } from "@holdfast/core/command/command";
import type { CancelAnswer, ReleaseAnswer } from "./delegated-asking.ts";
import type { GlobalContext } from "./global-context.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import { isSite, locate } from "./local-context.ts";

/** Between two tries, in ms: with too many waiting for the shard, one is answered at once. */
const pauseMs = 100;

/** Ends grants and requests in this region's shard, delegated or not [H9]. */
export class DelegatedEnding {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;

  constructor(context: GlobalContext, registers: GlobalRegisters) {
    this.#context = context;
    this.#registers = registers;
  }

  /**
   * Repeated until it is answered, or `untilMs` on the monotonic clock has passed. `wasRepeated`:
   * one that was not answered may have been carried out.
   */
  async release(
    { lock, grantId, token }: Pick<ReleaseCommand, "lock" | "grantId" | "token">,
    untilMs: number,
  ): Promise<ReleaseAnswer & { readonly wasRepeated: boolean }> {
    const { delegation } = this.#registers.of(lock);
    for (let wasRepeated = false; ; wasRepeated = true) {
      const answer = await new Promise<ReleaseAnswer>((resolve) => {
        delegation.lock.release({ grantId, token, answer: resolve });
      });
      if (answer.kind === "released" || this.#isPast(untilMs)) return { ...answer, wasRepeated };
      await sleep(this.#context.surroundings.clock, pauseMs);
    }
  }

  /** The same for a request that nobody wants any more. */
  async cancel(
    { lock, grantId, session }: Pick<CancelCommand, "lock" | "grantId" | "session">,
    untilMs: number,
  ): Promise<CancelAnswer> {
    const { delegation } = this.#registers.of(lock);
    const { local, region } = this.#context;
    const site = locate(local, { ...lock, region });
    if (!isSite(site)) return { kind: "unknown" };
    const lease =
      session === undefined
        ? undefined
        : await local.sessions.leaseIn(session, site.shard, untilMs);
    const marker = lease === undefined || isFailure(lease) ? {} : { marker: lease.marker };
    for (;;) {
      const answer = await new Promise<CancelAnswer>((resolve) => {
        delegation.lock.cancel({ grantId, ...marker, answer: resolve });
      });
      if (answer.kind !== "unknown" || this.#isPast(untilMs)) return answer;
      await sleep(this.#context.surroundings.clock, pauseMs);
    }
  }

  #isPast(untilMs: number): boolean {
    return this.#context.surroundings.clock.monotonicMs() >= untilMs;
  }
}
