import { Cancellation } from "@holdfast/base/cancellation";
import { ClientParts } from "@holdfast/client/client-parts";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import { SimulatedTransport } from "../world/simulated-transport.ts";
import type { GlobalSites } from "./global-sites.ts";
import { requestTimeoutMs } from "./global-taker.ts";

const ttlMs = 5_000;
/** A lock that nobody has is had within this time, sessions and connections included, in ms. */
const soonMs = 4_000;

/** A client that comes when all is over, and must get every lock at once. */
export class GlobalProbe {
  readonly process: SimulatedProcess;
  isDone = false;
  readonly #sites: GlobalSites;
  readonly #parts: ClientParts;

  constructor(sites: GlobalSites, region: string) {
    const { simulation, network, plan } = sites;
    const process = new SimulatedProcess(simulation, `${region}/probe`, plan.skew());
    const find = (endpoint: string) => sites.routers.get(endpoint)?.host;
    const transport = new SimulatedTransport(process, network, find);
    const ports = { transport, clock: process, random: process.random };
    this.process = process;
    this.#sites = sites;
    this.#parts = new ClientParts(ports, sites.routersIn(region), requestTimeoutMs);
  }

  async run(locks: readonly string[]): Promise<void> {
    for (const lock of locks) await this.#take(lock);
    await this.#parts.close();
    this.isDone = true;
  }

  async #take(lock: string): Promise<void> {
    const { simulation, recorder } = this.#sites;
    const slash = lock.indexOf("/");
    const name = { namespace: lock.slice(0, slash), name: lock.slice(slash + 1) };
    const order = {
      lock: { region: globalRegion, ...name },
      scope: "global" as const,
      mode: "exclusive" as const,
      waitMs: 20_000,
      owner: "probe",
      metadata: {},
    };
    const startedMs = simulation.nowMs;
    const plan = { order, ttlMs, signal: undefined, onPosition: undefined };
    const end = await this.#parts.sessionLocks.acquire(plan, 5_000, new Cancellation());
    const tookMs = Math.round(simulation.nowMs - startedMs);
    const what = end.kind === "failure" ? `${end.code} ${end.message}` : end.kind;
    const { name: probe } = this.process;
    if (end.kind !== "admitted") {
      recorder.broken("left-behind", `${lock}: ${probe} was told ${what} after ${tookMs} ms`);
      return;
    }
    if (tookMs > soonMs) recorder.broken("probe-slow", `${lock}: ${probe} waited ${tookMs} ms`);
    await end.value.release();
  }
}
