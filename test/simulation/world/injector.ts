import type { SimulatedNetwork } from "@holdfast/simulator/kernel/simulated-network";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { Injection } from "./plan.ts";

/** What injections are done to. */
export interface InjectionTargets {
  readonly network: SimulatedNetwork;
  readonly clientNames: readonly string[];
  readonly routerNames: readonly string[];
  readonly shardNames: readonly string[];
  processOf(name: string): SimulatedProcess | undefined;
  after(delayMs: number, run: () => void): void;
  stop(process: SimulatedProcess, how: "pause" | "suspend"): void;
  resume(process: SimulatedProcess): void;
  crashClient(name: string): void;
  crashRouter(name: string, restartAfterMs: number): void;
  breakConnections(clientName: string): void;
  changeLeader(shardName: string): void;
  raiseEpoch(): void;
}

/** Does one injection, and undoes it when its time is over. */
export function inject(injection: Injection, targets: InjectionTargets): void {
  const { index, lastsMs } = injection;
  const client = pick(targets.clientNames, index);
  const router = pick(targets.routerNames, index);
  const shard = pick(targets.shardNames, index);
  switch (injection.kind) {
    case "pause-client":
      stop(targets, client, "pause", lastsMs);
      break;
    case "suspend-client":
      stop(targets, client, "suspend", lastsMs);
      break;
    case "pause-router":
      stop(targets, router, "pause", lastsMs);
      break;
    case "crash-client":
      targets.crashClient(client);
      break;
    case "crash-router":
      targets.crashRouter(router, lastsMs);
      break;
    case "cut-client":
      cut(targets, client, pick(targets.routerNames, index >> 2), injection);
      break;
    case "isolate-client":
      for (const name of targets.routerNames) cut(targets, client, name, injection);
      break;
    case "fade-client":
      for (const name of targets.routerNames) fade(targets, client, name, injection);
      break;
    case "cut-shard":
      // A link to a shard is cut as a whole: which half failed is drawn for each request.
      cut(targets, router, shard, { ...injection, direction: "there" });
      break;
    case "break-connection":
      targets.breakConnections(client);
      break;
    case "change-leader":
      targets.changeLeader(shard);
      break;
    case "raise-epoch":
      targets.raiseEpoch();
      break;
  }
}

function stop(
  targets: InjectionTargets,
  name: string,
  how: "pause" | "suspend",
  lastsMs: number,
): void {
  const process = targets.processOf(name);
  if (process?.running !== true) return;
  targets.stop(process, how);
  targets.after(lastsMs, () => targets.resume(process));
}

function cut(targets: InjectionTargets, from: string, to: string, injection: Injection): void {
  const { network } = targets;
  const { direction, lastsMs } = injection;
  const there = direction !== "back";
  const back = direction !== "there";
  if (there) network.cut(from, to);
  if (back) network.cut(to, from);
  targets.after(lastsMs, () => {
    if (there) network.mend(from, to);
    if (back) network.mend(to, from);
  });
}

/** A link that dies slowly: answers come late, and then none do. */
function fade(targets: InjectionTargets, client: string, router: string, how: Injection): void {
  const lateMs = 200 + (how.index % 10) * 100;
  targets.network.slow(router, client, lateMs);
  targets.after(1_000 + lateMs, () => {
    targets.network.slow(router, client, 0);
    cut(targets, client, router, { ...how, direction: "both", lastsMs: how.lastsMs + 3_000 });
  });
}

function pick(names: readonly string[], index: number): string {
  return names[index % names.length] ?? "";
}
