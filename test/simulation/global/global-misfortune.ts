import type { RequestId } from "@holdfast/base/ids";
import { randomUuid } from "@holdfast/base/random";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { GlobalClient } from "./global-client.ts";
import { regionNames } from "./global-names.ts";
import type { Misfortune } from "./global-plan.ts";
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
  const { kind, index, lastsMs } = misfortune;
  const { sites, clients } = fated;
  const later = (run: () => void): void => {
    sites.simulation.after(lastsMs, run);
  };
  const client = pick([...clients.values()], index);
  const router = pick([...sites.routers.values()], index);
  const coordinator = pick([...sites.coordinators.values()], index);
  const stop = (process: SimulatedProcess | undefined, how: "pause" | "suspend") => {
    if (process?.running !== true) return;
    fated.stop(process, how);
    later(() => fated.resume(process));
  };
  switch (kind) {
    case "pause-client":
      return stop(client?.process, "pause");
    case "suspend-client":
      return stop(client?.process, "suspend");
    case "crash-client":
      if (client !== undefined) fated.crashClient(client);
      return;
    case "pause-coordinator":
      return stop(coordinator?.process, "pause");
    case "pause-router":
      return stop(router?.process, "pause");
    case "crash-coordinator": {
      if (coordinator === undefined || coordinator.process.state === "crashed") return;
      const { name } = coordinator.process;
      sites.crash(coordinator);
      later(() => {
        const isDown = sites.coordinators.get(name)?.process.state === "crashed";
        if (isDown) sites.startCoordinator(name);
      });
    }
    case "crash-router": {
      if (router === undefined || router.process.state === "crashed") return;
      const { name } = router.process;
      sites.crash(router);
      later(() => {
        if (sites.routers.get(name)?.process.state === "crashed") sites.startRouter(name);
      });
    }
    case "cut-client":
      return cutClient(misfortune, fated, client);
    case "cut-regions": {
      const from = pick(regionNames, index) ?? "";
      const to = pick(regionNames, index + 1 + (Math.floor(index / 3) % 2)) ?? "";
      return cutRegions(misfortune, sites, from, to);
    }
    case "isolate-region": {
      const own = pick(regionNames, index) ?? "";
      const others = regionNames.filter((name) => name !== own);
      for (const other of others) cutRegions(misfortune, sites, own, other);
      return;
    }
    case "cut-shard": {
      const from = coordinator?.process.name ?? "";
      const region = from.slice(0, from.indexOf("/"));
      const to = pick(sites.region(region).shards, index)?.name ?? "";
      sites.network.cut(from, to);
      later(() => sites.network.mend(from, to));
    }
    case "break-connections":
      for (const { host } of sites.routers.values()) {
        host.breakConnectionsOf(client?.process.name ?? "", "connection reset");
      }
      return;
    case "change-leader":
      pick(sites.shards, index)?.changeLeader();
      return;
    case "jump-wall":
      for (const process of [router?.process, coordinator?.process]) {
        process?.jumpWall(index % 2 === 0 ? 3_600_000 : -3_600_000);
      }
      return;
    case "force-release":
      if (client !== undefined) forceRelease(client, pick(fated.locks, index) ?? "");
      return;
  }
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

/** An operator takes a lock away, by a client of theirs. */
function forceRelease({ parts, process }: GlobalClient, lock: string): void {
  if (!process.running || !parts.core.link.connected) return;
  const slash = lock.indexOf("/");
  const requestId = randomUuid(process.random) as RequestId;
  const id = { region: globalRegion, namespace: lock.slice(0, slash), name: lock.slice(slash + 1) };
  const command = { kind: "force-release", lock: id, requestId } as const;
  parts.core.link.send({ ...command, actor: "operator", reason: "simulation" }, 5_000, () => {});
}

function pick<T>(all: readonly T[], index: number): T | undefined {
  return all[index % all.length];
}
