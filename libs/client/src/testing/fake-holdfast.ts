import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { HoldfastClient } from "../holdfast-client.ts";
import type { ClientOptions } from "../options.ts";
import { MemoryDirectory } from "./memory-directory.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { MemoryRouter } from "./memory-router.ts";

/**
 * A whole Holdfast in memory, for tests of code that uses locks: real clients with all their logic,
 * over a service that decides at once and a clock that moves only when told to.
 *
 * ```ts
 * const fake = new FakeHoldfast();
 * const mine = await fake.connect({ owner: "mine" });
 * const lock = await mine.acquire("order:1", { ttl: "10s" });
 * fake.cut();                       // no heartbeat gets through any more
 * await fake.clock.advance(10_000);
 * lock.signal.aborted;              // true, and lock.lost?.why is "expired"
 * ```
 *
 * Global locks are decided in memory too, as one region would; no region can be lost to them alone.
 *
 * What waits for time (a wait in line, a ttl, a repeat after {@link mend}) goes on in
 * `await fake.clock.advance(ms)` and nowhere else.
 */
export class FakeHoldfast {
  /** Everybody's time; `stall` and `suspend` do to a process what real machines do. */
  readonly clock: ManualClock;
  readonly #regions: readonly string[];
  readonly #random: SeededRandom;
  readonly #router: MemoryRouter;
  readonly #network: MemoryNetwork;
  readonly #directory: MemoryDirectory;

  /** `regions`: one called `local` if left out. `seed`: of the jitter, the same in every run. */
  constructor(
    options: {
      readonly clock?: ManualClock;
      readonly regions?: readonly string[];
      readonly seed?: number;
    } = {},
  ) {
    this.clock = options.clock ?? new ManualClock();
    this.#regions = options.regions ?? ["local"];
    this.#random = new SeededRandom(options.seed ?? 1);
    this.#directory = new MemoryDirectory(() => this.#router.tenancy);
    this.#router = new MemoryRouter(this.clock, this.#random, {
      onEvent: (kind, lock, tenant) => this.#directory.report(kind, lock, tenant),
      onForceReleased: (lock, grantId) => this.#network.say({ kind: "grant-lost", lock, grantId }),
    });
    this.#network = new MemoryNetwork(this.#router);
  }

  /** A client of its own, with a session of its own, as another process would have. */
  connect(options: Omit<Partial<ClientOptions>, "endpoints"> = {}): Promise<HoldfastClient> {
    const endpoints = this.#regions.map((region) => `${region}:7420`);
    const ports = {
      transport: this.#network,
      clock: this.clock,
      random: this.#random,
      directory: this.#directory,
    };
    return HoldfastClient.over({ ...options, endpoints }, ports);
  }

  /** Cuts every client off. Locks live on until their ttl has passed, as they would. */
  cut(): void {
    this.#network.cut();
  }

  /** Ends {@link cut}; clients find their way back as time goes on. */
  mend(): void {
    this.#network.mend();
  }
}
