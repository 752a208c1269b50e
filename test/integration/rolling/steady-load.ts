import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";

/** What clients notice of what is done to their routers. */
export interface LoadReport {
  readonly operations: number;
  /** What an acquire, a release or a look came to that is not what was asked for. */
  readonly failures: readonly string[];
  /** The longest that an operation on a lock that was free took, in ms. */
  readonly longestMs: number;
  /** 99 of 100 took at most this, in ms. */
  readonly p99Ms: number;
  /** The longest time in which no operation of a client ended, in ms. */
  readonly longestPauseMs: number;
}

/** Locks a client holds from the beginning to the end. */
const keptPerClient = 5;
/** Askers of a client that take and give back a lock of their own. */
const freePerClient = 4;
/** Askers of a client that stand in line for one lock with those of all others. */
const contendersPerClient = 2;
/** Rest of an asker between two operations, in ms: what is measured is not the machine's limit. */
const restMs = 2;

/**
 * Clients of the SDK that work until they are stopped: they hold locks all along, take and give
 * back free ones, and hand one on among all of them. Whoever breaks a promise is a failure.
 */
export class SteadyLoad {
  readonly #clients: readonly Holdfast[];
  readonly #kept: Lock[] = [];
  readonly #failures: string[] = [];
  readonly #tookMs: number[] = [];
  readonly #work: Promise<void>[] = [];
  #operations = 0;
  #longestPauseMs = 0;
  #inside = 0;
  #lastToken = 0n;
  #stopped = false;

  private constructor(clients: readonly Holdfast[]) {
    this.#clients = clients;
  }

  /** Each client gets one of `endpointLists` in turn. */
  static async start(
    count: number,
    endpointLists: readonly (readonly string[])[],
    options: { readonly region: string; readonly ttl?: string },
  ): Promise<SteadyLoad> {
    const clients = await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const endpoints = endpointLists[index % endpointLists.length] ?? [];
        return Holdfast.connect({ endpoints, owner: `client-${index}`, ...options });
      }),
    );
    const load = new SteadyLoad(clients);
    await load.#begin();
    return load;
  }

  /** How many operations have ended. */
  get operations(): number {
    return this.#operations;
  }

  /** Ends the work, looks whether every lock that was kept was kept, and lets go of all of it. */
  async stop(): Promise<LoadReport> {
    this.#stopped = true;
    await Promise.all(this.#work);
    for (const lock of this.#kept) {
      if (lock.state !== "held") this.#failures.push(`${lock.name} is ${lock.state}`);
      const released = await lock.release();
      if (released !== "released") this.#failures.push(`release of ${lock.name}: ${released}`);
    }
    await Promise.all(this.#clients.map((client) => client.close()));
    const sorted = this.#tookMs.sort((one, two) => one - two);
    return {
      operations: this.#operations,
      failures: this.#failures,
      longestMs: sorted.at(-1) ?? 0,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      longestPauseMs: this.#longestPauseMs,
    };
  }

  async #begin(): Promise<void> {
    for (const [index, client] of this.#clients.entries()) {
      for (let kept = 0; kept < keptPerClient; kept++) {
        this.#kept.push(await client.acquire(`kept-${index}-${kept}`));
      }
    }
    for (const [index, client] of this.#clients.entries()) {
      const progress = { lastMs: performance.now() };
      for (let asker = 0; asker < freePerClient; asker++) {
        this.#work.push(this.#goRound(client, `free-${index}-${asker}`, progress));
      }
      for (let asker = 0; asker < contendersPerClient; asker++) {
        this.#work.push(this.#contend(client));
      }
    }
  }

  async #goRound(client: Holdfast, name: string, progress: { lastMs: number }): Promise<void> {
    while (!this.#stopped) {
      const lock = await this.#timed(name, progress, () => client.acquire(name));
      if (lock !== undefined) {
        const state = await this.#timed(name, progress, () => client.get(name));
        if (state !== undefined && state.holderCount !== 1) {
          this.#failures.push(`${name} is held and has ${state.holderCount} holders`);
        }
        const released = await this.#timed(name, progress, () => lock.release());
        if (released !== undefined && released !== "released") {
          this.#failures.push(`release of ${name}: ${released}`);
        }
      }
      await sleep(restMs);
    }
  }

  async #timed<T>(
    name: string,
    progress: { lastMs: number },
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const beganMs = performance.now();
    const result = await this.#tried(name, work);
    const endedMs = performance.now();
    this.#tookMs.push(endedMs - beganMs);
    this.#longestPauseMs = Math.max(this.#longestPauseMs, endedMs - progress.lastMs);
    progress.lastMs = endedMs;
    return result;
  }

  async #tried<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      this.#operations++;
    }
  }

  /** One at a time is inside, and each has a higher token than who was there before. */
  async #contend(client: Holdfast): Promise<void> {
    while (!this.#stopped) {
      const lock = await this.#tried("hot", () => client.acquire("hot", { wait: "30s" }));
      if (lock !== undefined) {
        this.#inside++;
        if (this.#inside > 1) this.#failures.push(`${this.#inside} hold one lock`);
        if (lock.token <= this.#lastToken) this.#failures.push("a token did not grow");
        this.#lastToken = lock.token;
        await sleep(1);
        this.#inside--;
        const released = await this.#tried("hot", () => lock.release());
        if (released !== "released") this.#failures.push(`release of hot: ${released}`);
      }
      await sleep(restMs);
    }
  }
}
