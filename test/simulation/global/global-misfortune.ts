import type { RequestId } from "@holdfast/base/ids";
import { randomUuid } from "@holdfast/base/random";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { CoordinatorSite } from "./coordinator-site.ts";
import type { GlobalClient } from "./global-client.ts";
import { regionNames, regionOf } from "./global-names.ts";
import type { Misfortune } from "./global-plan.ts";
import type { GlobalRouter } from "./global-router.ts";
import type { GlobalSites } from "./global-sites.ts";

/** What misfortunes happen to. */
export interface Fated {
  readonly sites: GlobalSites;
  readonly clients: ReadonlyMap<string, GlobalClient>;
  readonly locks: readonly string[];
  stop(process: SimulatedProcess, how: "pause" | "suspend"): void;
  resume(process: SimulatedProcess): void;
  crashClient(client: GlobalClient): void;
}

/** Does one misfortune, and undoes it when its time is over. */
export function strike(misfortune: Misfortune, fated: Fated): void {
  const { kind, index } = misfortune;
  const { sites, clients } = fated;
  const client = pick([...clients.values()], index);
  const router = pick([...sites.routers.values()], index);
  const coordinator = pick([...sites.coordinators.values()], index);
  switch (kind) {
    case "pause-client":
    case "suspend-client":
      stop(misfortune, fated, client?.process);
      break;
    case "pause-coordinator":
      stop(misfortune, fated, coordinator?.process);
      break;
    case "pause-router":
      stop(misfortune, fated, router?.process);
      break;
    case "crash-client":
      if (client !== undefined) fated.crashClient(client);
      break;
    case "crash-coordinator":
      if (coordinator !== undefined) crash(misfortune, sites, coordinator);
      break;
    case "crash-router":
      if (router !== undefined) crash(misfortune, sites, router);
      break;
    case "cut-client":
      cutClient(misfortune, fated, client);
      break;
    case "break-connections":
      for (const { host } of sites.routers.values()) {
        host.breakConnectionsOf(client?.process.name ?? "", "connection reset");
      }
      break;
    case "jump-wall":
      for (const process of [router?.process, coordinator?.process]) {
        process?.jumpWall(index % 2 === 0 ? 3_600_000 : -3_600_000);
      }
      break;
    case "force-release":
      if (client !== undefined) forceRelease(fated, client, pick(fated.locks, index) ?? "");
      break;
    default:
      strikeRegion(misfortune, sites);
  }
}

/** What befalls a region, or the ways between two. */
function strikeRegion(misfortune: Misfortune, sites: GlobalSites): void {
  const { kind, index, lastsMs } = misfortune;
  const own = pick(regionNames, index) ?? "";
  const others = regionNames.filter((name) => name !== own);
  if (kind === "cut-regions") {
    cutRegions(misfortune, sites, own, pick(others, Math.floor(index / 3)) ?? "");
  } else if (kind === "isolate-region") {
    for (const other of others) cutRegions(misfortune, sites, own, other);
  } else if (kind === "change-leader") {
    pick(sites.shards, index)?.changeLeader();
  } else {
    const from = pick([...sites.coordinators.keys()], index) ?? "";
    const to = pick(sites.region(regionOf(from)).shards, index)?.name ?? "";
    sites.network.cut(from, to);
    sites.simulation.after(lastsMs, () => sites.network.mend(from, to));
  }
}

function stop({ kind, lastsMs }: Misfortune, fated: Fated, process?: SimulatedProcess): void {
  if (process?.running !== true) return;
  fated.stop(process, kind === "suspend-client" ? "suspend" : "pause");
  fated.sites.simulation.after(lastsMs, () => fated.resume(process));
}

function crash(
  { lastsMs }: Misfortune,
  sites: GlobalSites,
  site: GlobalRouter | CoordinatorSite,
): void {
  const { name, state } = site.process;
  if (state === "crashed") return;
  sites.crash(site);
  sites.simulation.after(lastsMs, () => sites.restart(name));
}

function cutClient({ lastsMs, index }: Misfortune, { sites }: Fated, client?: GlobalClient): void {
  if (client === undefined) return;
  const { network, simulation } = sites;
  const own = client.process.name;
  // From all routers, or from those of its own region: then another region serves it.
  const names = index % 3 === 0 ? [...sites.routers.keys()] : sites.routersIn(client.plan.region);
  for (const name of names) {
    network.cut(own, name);
    network.cut(name, own);
  }
  simulation.after(lastsMs, () => {
    for (const name of names) {
      network.mend(own, name);
      network.mend(name, own);
    }
  });
}

function cutRegions(how: Misfortune, { network, simulation }: GlobalSites, a: string, b: string) {
  const there = how.direction !== "back";
  const back = how.direction !== "there";
  if (there) network.cutRegion(a, b);
  if (back) network.cutRegion(b, a);
  simulation.after(how.lastsMs, () => {
    if (there) network.mendRegion(a, b);
    if (back) network.mendRegion(b, a);
  });
}

/** From the command until nothing of it can be under way any more, in ms. */
const forcingMs = 12_000;

/** An operator takes a lock away, by a client of theirs. */
function forceRelease({ sites }: Fated, { parts, process }: GlobalClient, lock: string): void {
  if (!process.running || !parts.core.link.connected) return;
  const slash = lock.indexOf("/");
  const requestId = randomUuid(process.random) as RequestId;
  const id = { region: globalRegion, namespace: lock.slice(0, slash), name: lock.slice(slash + 1) };
  const command = { kind: "force-release", lock: id, requestId } as const;
  const { recorder } = sites;
  recorder.forcing(lock, false);
  // Not answered, it may be carried out for as long as it may be on its way.
  process.schedule(forcingMs, () => recorder.forcing(lock, true));
  parts.core.link.send({ ...command, actor: "operator", reason: "simulation" }, 5_000, () => {});
}

function pick<T>(all: readonly T[], index: number): T | undefined {
  return all[index % all.length];
}
