import { setTimeout as sleep } from "node:timers/promises";
import type { DrillProcess } from "../drills/drill-process.ts";
import type { TcpRelay } from "../relay/tcp-relay.ts";

/** One of the two processes of a service, and where it listens. */
export interface ServiceLife {
  readonly process: DrillProcess;
  readonly port: number;
}

/** How long both are there, and new connections already go to the newer one, in ms. */
const overlapMs = 2_000;

/**
 * A service that is replaced as Kubernetes does it: the newer one starts beside the older one, new
 * connections to the address of both go to the newer, and the older one is told to end.
 */
export class ReplacedService {
  readonly #address: TcpRelay;
  readonly #lives: readonly ServiceLife[];
  #current = 0;

  /** `lives`: two, each with a port of its own; the first one is started by whoever made it. */
  constructor(address: TcpRelay, lives: readonly ServiceLife[]) {
    this.#address = address;
    this.#lives = lives;
  }

  /** Both, the one that runs and the one that was or will be. */
  get processes(): readonly DrillProcess[] {
    return this.#lives.map(({ process }) => process);
  }

  get now(): DrillProcess {
    return this.#lives[this.#current]!.process;
  }

  async replace(): Promise<void> {
    const older = this.now;
    this.#current = 1 - this.#current;
    const newer = this.#lives[this.#current]!;
    await newer.process.start();
    this.#address.aim(newer.port);
    await sleep(overlapMs);
    await older.kill("SIGTERM");
  }
}
