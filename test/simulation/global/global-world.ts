import type { ProcessEntry } from "@holdfast/simulator/history/history";
import type { Violation } from "@holdfast/simulator/history/run";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import { type RunEnd, Simulation } from "@holdfast/simulator/kernel/simulation";
import type { SeedResult } from "../seed-report.ts";
import { GlobalClient } from "./global-client.ts";
import { type Fated, strike } from "./global-misfortune.ts";
import { regionNames } from "./global-names.ts";
import { type GlobalPlan, globalPlanOf } from "./global-plan.ts";
import { GlobalProbe } from "./global-probe.ts";
import { GlobalProgress } from "./global-progress.ts";
import { GlobalRecorder } from "./global-recorder.ts";
import { GlobalSites } from "./global-sites.ts";

/** Past this a world is going in circles. */
const eventsMax = 3_000_000;
/** How often it is looked whether somebody waits in vain, in ms. */
const lookMs = 500;
const rho = 0.01;
/** Round trips, pauses and polls between the end of a lease and the next grant, in ms. */
const regrantMs = 9_000;
/** Applications that were told to stop: the longest wait, and the longest hold. */
const finishMs = 70_000;
/** Sessions that live on list what hangs on them once a minute. */
const listMs = 80_000;
/** Background work that was stopped ends within its own time limits. */
const stopMs = 20_000;

/** The world of one seed: three regions, their clients, what befalls them, and what came of it. */
export class GlobalWorld implements Fated {
  readonly simulation: Simulation;
  readonly sites: GlobalSites;
  readonly clients = new Map<string, GlobalClient>();
  readonly locks: readonly string[];
  readonly #plan: GlobalPlan;
  readonly #recorder: GlobalRecorder;
  readonly #progress: GlobalProgress;
  readonly #seed: number;

  constructor(seed: number, keepTrace: boolean) {
    const plan = globalPlanOf(seed);
    this.#seed = seed;
    this.#plan = plan;
    this.simulation = new Simulation({ seed, keepTrace });
    this.#recorder = new GlobalRecorder(this.simulation);
    this.#progress = new GlobalProgress(this.simulation, this.#recorder);
    this.#recorder.onEntry = (entry) => this.#progress.heard(entry);
    this.#recorder.refused = (request, what) => this.#progress.refused(request, what);
    this.#recorder.lost = (request) => this.#progress.lost(request);
    this.#recorder.look = () => {
      for (const { beliefs } of this.clients.values()) beliefs.use();
    };
    this.sites = new GlobalSites(this.simulation, this.#recorder, plan);
    this.locks = [...new Set(plan.locks)];
    this.sites.setFaults(plan.faults, plan.store);
    for (const [index, client] of plan.clients.entries()) {
      const name = `${client.region}/c${index}`;
      this.clients.set(name, new GlobalClient(this.sites, name, plan, client));
    }
    for (const misfortune of plan.misfortunes) {
      this.simulation.after(misfortune.atMs, () => strike(misfortune, this));
    }
  }

  /** Runs the seed to its end and checks what happened. */
  run(): SeedResult {
    const { busyMs, calmMs } = this.#plan;
    const ends = [this.simulation.run(busyMs, eventsMax)];
    this.#heal();
    ends.push(this.#runUntil(busyMs + calmMs, () => false));
    for (const { application } of this.clients.values()) application.stop();
    const all = [...this.clients.values()];
    ends.push(this.#runFor(finishMs, () => all.every(({ isFinished }) => isFinished)));
    this.#checkAnswered();
    ends.push(this.#leave());
    ends.push(this.#probe());
    ends.push(this.#stop());
    if (ends.includes("events")) this.#recorder.broken("progress", `${eventsMax} events`);
    return this.result(this.#recorder.violations);
  }

  /** What there is to say of the run so far. */
  result(violations: readonly Violation[] = []): SeedResult {
    const { trace, eventsRun, nowMs } = this.simulation;
    const { figures } = this.#recorder;
    const { counts } = this.sites.network;
    return {
      seed: this.#seed,
      hash: trace.hash,
      violations,
      figures: {
        events: eventsRun,
        "virtual seconds": Math.round(nowMs / 1_000),
        ...figures,
        "unknown answers of a shard": this.sites.unknowns,
        "lost or doubled messages": counts.lost + counts.doubled,
        misfortunes: this.#plan.misfortunes.length,
      },
    };
  }

  // What misfortunes happen to.

  stop(process: SimulatedProcess, how: "pause" | "suspend"): void {
    this.clients.get(process.name)?.beliefs.freeze();
    if (how === "pause") process.pause();
    else process.suspend();
    this.#note(process.name, how === "pause" ? "paused" : "suspended");
  }

  resume(process: SimulatedProcess): void {
    if (process.state !== "paused" && process.state !== "suspended") return;
    this.#note(process.name, "resumed");
    process.resume();
  }

  crashClient(client: GlobalClient): void {
    const { process, beliefs } = client;
    if (process.state === "crashed") return;
    beliefs.freeze();
    process.crash();
    this.#note(process.name, "crashed");
    for (const { host } of this.sites.routers.values()) {
      host.breakConnectionsOf(process.name, "client crashed");
    }
  }

  #heal(): void {
    this.sites.heal();
    const clients = [...this.clients.values()].map(({ process }) => process);
    for (const process of [...clients, ...this.sites.processes]) this.resume(process);
    this.#recorder.add({ kind: "healed" });
    this.#progress.calmFrom(this.simulation.nowMs + this.#regrantMs);
    this.#lookAround();
  }

  #lookAround(): void {
    this.#progress.lookAround(this.#regrantMs);
    this.simulation.after(lookMs, () => this.#lookAround());
  }

  /** From the death of a holder until the lock is had again. */
  get #regrantMs(): number {
    const { clients, leaseLateMsMax } = this.#plan;
    const ttlMs = Math.max(...clients.map((client) => client.ttlMs));
    return ttlMs * (1 + rho) + leaseLateMsMax + regrantMs;
  }

  #checkAnswered(): void {
    const { pending } = this.#progress;
    if (pending.length > 0) {
      this.#recorder.broken("answered", `without an answer: ${pending.slice(0, 5).join(", ")}`);
    }
  }

  /** Clients end their sessions, or live on and do nothing. Either way no grant stays. */
  #leave(): RunEnd {
    const { closes } = this.#plan;
    const alive = [...this.clients.values()].filter((client) => !client.isCrashed);
    for (const { parts } of closes ? alive : []) void parts.close();
    const end = this.#runFor(listMs, () => this.#recorder.live.size === 0);
    if (closes && this.#recorder.live.size > 0) {
      this.#recorder.broken("left-behind", `liveness: ${[...this.#recorder.live].join(", ")}`);
    }
    for (const { lock, value } of this.#recorder.registers.values()) {
      const left = value.holders.filter(({ grantId }) => this.#regionsWith(grantId) > 1);
      if (left.length === 0) continue;
      const who = left.map(({ metadata, grantId }) => metadata.request ?? grantId).join(", ");
      this.#recorder.broken("left-behind", `${lock}: held by ${who}, and nobody knows`);
    }
    return end;
  }

  #regionsWith(grantId: string): number {
    return [...this.#recorder.live].filter((key) => key.endsWith(`/${grantId}`)).length;
  }

  #probe(): RunEnd {
    const probes = regionNames.map((region) => new GlobalProbe(this.sites, region));
    for (const probe of probes) {
      void probe.run(this.locks);
      const end = this.#runFor(30_000 * this.locks.length, () => probe.isDone);
      if (!probe.isDone) {
        this.#recorder.broken("left-behind", `${probe.process.name} was not answered`);
        return end;
      }
    }
    return "idle";
  }

  #stop(): RunEnd {
    const alive = [...this.clients.values()].filter((client) => !client.isCrashed);
    for (const { parts } of alive) void parts.close();
    const closing = this.#runFor(10_000, () => false);
    this.sites.stop();
    const clients = alive.map(({ process }) => process);
    const processes = [...clients, ...this.sites.processes];
    const end = this.#runFor(stopMs, () => processes.every(({ timers }) => timers === 0));
    for (const { name, timers } of processes) {
      if (timers > 0) this.#recorder.broken("timers", `${name} has ${timers} timers left`);
    }
    return closing === "events" ? closing : end;
  }

  #runFor(forMs: number, isOver: () => boolean): RunEnd {
    return this.#runUntil(this.simulation.nowMs + forMs, isOver);
  }

  #runUntil(untilMs: number, isOver: () => boolean): RunEnd {
    const { simulation } = this;
    while (!isOver()) {
      const leftOfEvents = eventsMax - simulation.eventsRun;
      const end = simulation.run(Math.min(untilMs, simulation.nowMs + 250), leftOfEvents);
      if (end === "events" || simulation.nowMs >= untilMs) return end;
    }
    return "idle";
  }

  #note(name: string, state: ProcessEntry["state"]): void {
    const role = this.clients.has(name) ? "client" : "router";
    this.#recorder.add({ kind: "process", name, role, state });
  }
}
