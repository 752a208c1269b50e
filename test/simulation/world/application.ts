import { sleep } from "@holdfast/base/clock";
import { integerBelow, type Random } from "@holdfast/base/random";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { Beliefs, TakenLock } from "./beliefs.ts";
import type { ClientPlan, Plan } from "./plan.ts";

/** What is asked of a client. */
export interface Wish {
  readonly request: string;
  /** `namespace/name` */
  readonly lock: string;
  readonly mode: Mode;
  readonly ttlMs: number;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Why a wish was not granted. */
export interface Refusal {
  readonly refused: "held" | "timeout" | "given-up";
}

/** The client library, as the application uses it. */
export interface LockTaker {
  take(wish: Wish): Promise<TakenLock | Refusal>;
}

/** What clients are used for. */
export type Workload = Pick<
  Plan,
  "locks" | "sharedRate" | "tryRate" | "waitMsMax" | "thinkMsMax" | "holdMsMax"
>;

/** What an application is made of. */
export interface ApplicationParts {
  readonly process: SimulatedProcess;
  readonly recorder: HistoryRecorder;
  readonly plan: Workload;
  readonly client: Pick<ClientPlan, "threads" | "ttlMs" | "ownTtl">;
  readonly taker: LockTaker;
  readonly beliefs: Beliefs;
}

/**
 * What a client is used for: it takes locks, tries or waits for them, gives up, works under them
 * for a while and releases them, over and over, several at once.
 */
export class Application {
  readonly #parts: ApplicationParts;
  readonly #random: Random;
  #stopping = false;
  #requests = 0;
  /** Resolves when it was told to stop and has nothing left to do. */
  readonly finished: Promise<unknown>;

  constructor(parts: ApplicationParts) {
    this.#parts = parts;
    this.#random = parts.process.random;
    this.finished = Promise.all(Array.from({ length: parts.client.threads }, () => this.#work()));
  }

  /** Takes nothing new; what it has or waits for runs its course. */
  stop(): void {
    this.#stopping = true;
  }

  async #work(): Promise<void> {
    const { process, plan } = this.#parts;
    while (!this.#stopping) {
      await sleep(process, this.#random.next() * plan.thinkMsMax);
      if (!this.#stopping) await this.#once();
    }
  }

  async #once(): Promise<void> {
    const { process, recorder, plan, client, taker, beliefs } = this.#parts;
    const request = `${process.name}/${this.#requests++}`;
    const lock = plan.locks[integerBelow(this.#random, plan.locks.length)] ?? "";
    const mode: Mode = this.#random.next() < plan.sharedRate ? "shared" : "exclusive";
    const waitMs =
      this.#random.next() < plan.tryRate
        ? 0
        : Math.ceil(100 + this.#random.next() * plan.waitMsMax);
    const { ttlMs, ownTtl } = client;
    const about = { client: process.name, request };
    const asked = { lock, mode, waitMs, hasSession: !ownTtl, ttlMs };
    recorder.add({ kind: "asked", ...about, ...asked });
    const giveUp = new AbortController();
    if (this.#random.next() < 0.15) {
      process.schedule(this.#random.next() * waitMs, () => giveUp.abort());
    }
    const { signal } = giveUp;
    const taken = await taker.take({ request, lock, mode, ttlMs, waitMs, signal });
    if ("refused" in taken) {
      recorder.add({ kind: "answered", ...about, what: taken.refused, token: 0n });
      return;
    }
    recorder.add({ kind: "answered", ...about, what: "granted", token: taken.token });
    const endBelief = beliefs.begin(request, taken);
    await this.#useFor(this.#holdMs());
    endBelief();
    await taken.release();
    recorder.add({ kind: "answered", ...about, what: "released", token: taken.token });
  }

  async #useFor(holdMs: number): Promise<void> {
    const { process, beliefs } = this.#parts;
    const untilMs = process.monotonicMs() + holdMs;
    for (;;) {
      const leftMs = untilMs - process.monotonicMs();
      if (leftMs <= 0) return;
      await sleep(process, Math.min(leftMs, 50 + this.#random.next() * 1_000));
      beliefs.use();
    }
  }

  /** Mostly short, sometimes past several heartbeats and through whatever happens meanwhile. */
  #holdMs(): number {
    const long = this.#random.next() < 0.1;
    return this.#random.next() * (long ? 15_000 : this.#parts.plan.holdMsMax);
  }
}
