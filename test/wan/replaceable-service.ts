import { setTimeout as sleep } from "node:timers/promises";
import { invariant } from "@holdfast/base/invariant";
import type { DrillProcess } from "../drills/drill-process.ts";
import type { TcpRelay } from "../relay/tcp-relay.ts";

/** One of the processes of a service, and where it listens. */
export interface ServiceLife {
  readonly process: DrillProcess;
  readonly port: number;
}

/** Where a service is reached, and where its processes listen. */
export interface ServiceAddress {
  readonly port: number;
  /** `port` itself, or, behind a relay at that port, one for each of two processes in turn. */
  readonly lives: readonly number[];
  /** Absent: it is reached where it listens, and cannot be replaced. */
  readonly relay?: TcpRelay;
}

/** How long both are there, and new connections already go to the newer one, in ms. */
const overlapMs = 2_000;

/**
 * A service that can be replaced as Kubernetes does it: the newer process starts beside the older
 * one, new connections to the address of both go to the newer, and the older one is told to end.
 */
export class ReplaceableService {
  readonly #relay: TcpRelay | undefined;
  readonly #lives: readonly ServiceLife[];
  #current = 0;

  /** `lives`: the first one is started by whoever made it. */
  constructor({ relay }: Pick<ServiceAddress, "relay">, lives: readonly ServiceLife[]) {
    this.#relay = relay;
    this.#lives = lives;
  }

  /** The one that runs, and those that were or will be. */
  get processes(): readonly DrillProcess[] {
    return this.#lives.map(({ process }) => process);
  }

  /** The one that new connections go to. */
  get now(): DrillProcess {
    const life = this.#lives[this.#current];
    invariant(life !== undefined, "a service has a process");
    return life.process;
  }

  /** Resolves when the older one is gone. */
  async replace(): Promise<void> {
    const next = (this.#current + 1) % this.#lives.length;
    const newer = this.#lives[next];
    const isReplaceable = this.#relay !== undefined && newer?.process !== this.now;
    invariant(isReplaceable && newer !== undefined, "its platform is one of replaceable services");
    const older = this.now;
    await newer.process.start();
    this.#relay?.aim(newer.port);
    this.#current = next;
    await sleep(overlapMs);
    await older.kill("SIGTERM");
  }
}
