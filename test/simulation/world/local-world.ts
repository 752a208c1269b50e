import { checkRun } from "@holdfast/simulator/checkers/all-checkers";
import type { ProcessEntry } from "@holdfast/simulator/history/history";
import { type Run, readRun, type Violation } from "@holdfast/simulator/history/run";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { RunEnd, Simulation } from "@holdfast/simulator/kernel/simulation";
import type { SeedResult } from "../seed-report.ts";
import { ClientSite } from "./client-site.ts";
import { inject } from "./injector.ts";
import { patience } from "./patience.ts";
import { type Plan, planOf } from "./plan.ts";
import { World } from "./world.ts";

/** Past this a world is going in circles. */
const eventsMax = 300_000;

/** The world of one seed: its routers, clients and misfortunes, and what came of them. */
export class LocalWorld {
  readonly simulation: Simulation;
  readonly #seed: number;
  readonly #plan: Plan;
  readonly #world: World;
  readonly #clients = new Map<string, ClientSite>();

  constructor(seed: number, keepTrace: boolean) {
    const plan = planOf(seed);
    this.#seed = seed;
    this.#plan = plan;
    this.#world = new World({ ...plan, seed, keepTrace });
    this.simulation = this.#world.simulation;
    for (const [index, skew] of plan.routers.entries()) {
      this.#world.startRouter(routerName(index), skew);
    }
    this.#world.setFaults(plan.link, plan.store);
    const endpoints = [...this.#world.routers.keys()];
    for (const [index, client] of plan.clients.entries()) {
      const name = `c${index}`;
      // Not all prefer the same router.
      const own = [...endpoints.slice(index % endpoints.length), ...endpoints];
      this.#clients.set(name, new ClientSite(this.#world, name, plan, client, [...new Set(own)]));
    }
    this.#world.recorder.beforeGrantEnds(() => {
      for (const client of this.#clients.values()) client.beliefs.use();
    });
    for (const injection of plan.injections) {
      this.simulation.after(injection.atMs, () => inject(injection, this));
    }
  }

  /** Runs the seed to its end and checks what happened. */
  run(): SeedResult {
    const { busyMs, calmMs, quietMs } = this.#plan;
    const { simulation } = this;
    const ends = [simulation.run(busyMs, eventsMax)];
    this.#heal();
    ends.push(simulation.run(busyMs + calmMs, eventsMax));
    for (const client of this.#clients.values()) client.application.stop();
    ends.push(this.#settle(busyMs + calmMs + quietMs));
    const run = readRun(this.#world.recorder.entries, simulation.nowMs, patience);
    const circles: Violation[] = ends.includes("events")
      ? [{ checker: "progress", atMs: simulation.nowMs, message: `${eventsMax} events` }]
      : [];
    return this.result([...circles, ...checkRun(run)], run);
  }

  /** What there is to say of the run so far. */
  result(violations: readonly Violation[], run?: Run): SeedResult {
    const { trace, eventsRun, nowMs } = this.simulation;
    const figures = {
      events: eventsRun,
      "virtual seconds": Math.round(nowMs / 1_000),
      grants: run?.tenures.length ?? 0,
      promotions: run?.tenures.filter((tenure) => tenure.fromQueue).length ?? 0,
      beliefs: run?.beliefs.length ?? 0,
      "unknown answers of a shard": this.#world.unknowns,
      "lost or doubled messages": this.network.counts.lost + this.network.counts.doubled,
      injections: this.#plan.injections.length,
    };
    return { seed: this.#seed, hash: trace.hash, violations, figures };
  }

  // What injections are done to.

  get network() {
    return this.#world.network;
  }

  get clientNames(): string[] {
    return [...this.#clients.keys()];
  }

  get routerNames(): string[] {
    return [...this.#world.routers.keys()];
  }

  get shardNames(): string[] {
    return this.#world.shards.map(({ name }) => name);
  }

  processOf(name: string): SimulatedProcess | undefined {
    return this.#clients.get(name)?.process ?? this.#world.routers.get(name)?.process;
  }

  after(delayMs: number, run: () => void): void {
    this.simulation.after(delayMs, run);
  }

  stop(process: SimulatedProcess, how: "pause" | "suspend"): void {
    this.#clients.get(process.name)?.beliefs.freeze();
    if (how === "pause") process.pause();
    else process.suspend();
    this.#note(process.name, how === "pause" ? "paused" : "suspended");
  }

  resume(process: SimulatedProcess): void {
    if (process.state !== "paused" && process.state !== "suspended") return;
    this.#note(process.name, "resumed");
    process.resume();
  }

  crashClient(name: string): void {
    const client = this.#clients.get(name);
    if (client === undefined || client.process.state === "crashed") return;
    client.beliefs.freeze();
    client.process.crash();
    this.#note(name, "crashed");
    for (const { host } of this.#world.routers.values()) {
      host.breakConnectionsOf(name, "client crashed");
    }
  }

  crashRouter(name: string, restartAfterMs: number): void {
    const router = this.#world.routers.get(name);
    if (router === undefined || router.process.state === "crashed") return;
    router.process.crash();
    this.#note(name, "crashed");
    router.host.breakConnections("router crashed");
    const index = this.routerNames.indexOf(name);
    const skew = this.#plan.routers[index];
    this.after(restartAfterMs, () => {
      if (skew !== undefined) this.#world.startRouter(name, skew);
    });
  }

  breakConnections(clientName: string): void {
    for (const { host } of this.#world.routers.values()) {
      host.breakConnectionsOf(clientName, "connection reset");
    }
  }

  changeLeader(shardName: string): void {
    this.#world.shards.find(({ name }) => name === shardName)?.changeLeader();
  }

  raiseEpoch(): void {
    const { placement, shards } = this.#world;
    this.#world.publish({ ...placement, version: placement.version + 1 });
    this.#world.acknowledge(shards.slice(0, 1));
  }

  /** Runs until everybody is done and every lock is free, at the longest to `untilMs`. */
  #settle(untilMs: number): RunEnd {
    const { simulation } = this;
    for (;;) {
      const clients = [...this.#clients.values()];
      if (clients.every(({ done }) => done) && this.#world.recorder.grants === 0) return "idle";
      const end = simulation.run(Math.min(untilMs, simulation.nowMs + 250), eventsMax);
      if (end !== "time" || simulation.nowMs >= untilMs) return end;
    }
  }

  #heal(): void {
    this.#world.heal();
    for (const { process } of [...this.#clients.values(), ...this.#world.routers.values()]) {
      this.resume(process);
    }
  }

  #note(name: string, state: ProcessEntry["state"]): void {
    const role = this.#clients.has(name) ? "client" : "router";
    this.#world.recorder.add({ kind: "process", name, role, state });
  }
}

function routerName(index: number): string {
  return `r${index}:7420`;
}
