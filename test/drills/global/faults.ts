import { setTimeout as sleep } from "node:timers/promises";
import type { WanPlatform } from "../../wan/wan-platform.ts";
import type { WanSite } from "../../wan/wan-site.ts";
import type { Holder } from "../holder.ts";
import { type CoordinatorOrder, giveOrder } from "./coordinator-order.ts";
import type { Fault } from "./fault.ts";

/** When etcd is started again in a rollout: while the newer services begin, in ms. */
const restartMs = 1_500;

/** A fault that has no moment yet. */
export type Unplaced = Omit<Fault, "atMs">;

/** kill -9 of all there is in a region; it comes back with the disks it had. */
export function regionKilled(site: WanSite, forMs: number): Unplaced {
  return {
    forMs,
    what: "kill -9",
    target: `region ${site.region}`,
    begin: () => site.kill(),
    end: () => site.restore(),
  };
}

/** SIGSTOP of all there is in a region: to everybody else it is silent, not gone. */
export function regionFrozen(site: WanSite, forMs: number): Unplaced {
  return {
    forMs,
    what: "SIGSTOP",
    target: `region ${site.region}`,
    begin: () => site.freeze(),
    end: () => site.thaw(),
  };
}

/** Everything of every region at once. */
export function allKilled({ sites }: WanPlatform, forMs: number): Unplaced {
  return {
    forMs,
    what: "kill -9",
    target: "all processes",
    begin: async () => {
      await Promise.all(sites.map((site) => site.kill()));
    },
    end: async () => {
      await Promise.all(sites.map((site) => site.restore()));
    },
  };
}

/** Nothing gets from one region to another; the way back is open. */
export function wayCut(
  { wan }: WanPlatform,
  { from, to }: { readonly from: string; readonly to: string },
  forMs: number,
): Unplaced {
  return {
    forMs,
    what: "cut",
    target: `${from} to ${to}`,
    begin: () => wan.cut(from, to),
    end: () => wan.restore(from, to),
  };
}

/** Nothing gets to a region or out of it; what runs there goes on, and so do its clients. */
export function regionIsolated({ wan }: WanPlatform, region: string, forMs: number): Unplaced {
  const ways = wan.directions.filter(({ from, to }) => from === region || to === region);
  return {
    forMs,
    what: "cut off",
    target: `region ${region}`,
    begin: () => {
      for (const { from, to } of ways) wan.cut(from, to);
    },
    end: () => {
      for (const { from, to } of ways) wan.restore(from, to);
    },
  };
}

/** Two regions do not hear each other; the third hears both, and both hear it. */
export function regionsParted(
  { wan }: WanPlatform,
  one: string,
  other: string,
  forMs: number,
): Unplaced {
  const ways = [
    { from: one, to: other },
    { from: other, to: one },
  ];
  return {
    forMs,
    what: "cut off from each other",
    target: `${one} and ${other}`,
    begin: () => {
      for (const { from, to } of ways) wan.cut(from, to);
    },
    end: () => {
      for (const { from, to } of ways) wan.restore(from, to);
    },
  };
}

/** Every round trip to a region, and out of it, takes `extraMs` longer. */
export function regionSlow(
  { wan }: WanPlatform,
  region: string,
  extraMs: number,
  forMs: number,
): Unplaced {
  const ways = wan.directions.filter(({ from, to }) => from === region || to === region);
  return {
    forMs,
    what: `${extraMs} ms slower`,
    target: `region ${region}`,
    begin: () => {
      for (const { from, to } of ways) wan.slow(from, to, extraMs / 2);
    },
    end: () => {
      for (const { from, to } of ways) wan.restore(from, to);
    },
  };
}

/** SIGSTOP of the etcd that leads a shard of a region, the first one if left out. */
export function etcdFrozen({ region, shards }: WanSite, forMs: number, shard = 0): Unplaced {
  const leader = shards[shard]?.members[0];
  return {
    forMs,
    what: "SIGSTOP",
    target: `etcd leader of ${region}`,
    begin: () => leader?.kill("SIGSTOP"),
    end: () => leader?.kill("SIGCONT"),
  };
}

/** kill -9 of a region's only router. */
export function routerKilled({ router }: WanSite, forMs: number): Unplaced {
  return {
    forMs,
    what: "kill -9",
    target: router.name,
    begin: () => router.kill(),
    end: () => router.start(),
  };
}

/** kill -9 of a region's coordinator, which is started again at once. */
export function coordinatorRestarted({ coordinator }: WanSite): Unplaced {
  return {
    forMs: 0,
    what: "kill -9",
    target: coordinator.name,
    begin: () => coordinator.kill(),
    end: () => coordinator.start(),
  };
}

/** A region's services replaced as Kubernetes does it, and its etcd started again meanwhile. */
export function regionRolledOut({ region, coordinators, routers, shards }: WanSite): Unplaced {
  const member = shards[0]?.members[0];
  const restart = async (): Promise<void> => {
    await sleep(restartMs);
    await member?.kill();
    await member?.restart();
  };
  return {
    forMs: 0,
    what: "replaced",
    target: `router, coordinator and etcd of ${region}`,
    begin: async () => {
      await Promise.all([coordinators.replace(), routers.replace(), restart()]);
    },
    end: () => {},
  };
}

/** SIGSTOP of a region's coordinator. */
export function coordinatorFrozen({ coordinator }: WanSite, forMs: number): Unplaced {
  return {
    forMs,
    what: "SIGSTOP",
    target: coordinator.name,
    begin: () => coordinator.freeze(),
    end: () => coordinator.thaw(),
  };
}

/** SIGSTOP of a process of clients. */
export function clientsFrozen(holder: Holder, forMs: number): Unplaced {
  return {
    forMs,
    what: "SIGSTOP",
    target: `clients ${holder.name}`,
    begin: () => holder.freeze(),
    end: () => holder.thaw(),
  };
}

/** kill -9 of a process of clients; another takes its place. */
export function clientsKilled(holder: Holder, forMs: number): Unplaced {
  return {
    forMs,
    what: "kill -9",
    target: `clients ${holder.name}`,
    begin: () => holder.kill(),
    end: () => holder.start(),
  };
}

/** With two dozen clients at work the next proposal is a matter of milliseconds. */
const occasionMsMax = 4_000;

/** A coordinator dies by its own hand in mid-proposal; a problem where it found no occasion to. */
export function coordinatorDies(
  site: WanSite,
  order: Extract<CoordinatorOrder, { kind: "die" }>,
  forMs: number,
  problems: string[],
): Unplaced {
  const { coordinator } = site;
  const what = `dies after ${order.count} ${order.step}s`;
  return {
    forMs,
    what,
    target: coordinator.name,
    begin: async () => {
      giveOrder(site, order);
      if (await coordinator.isGone(occasionMsMax)) return;
      problems.push(`${coordinator.name} found no occasion: ${what}`);
      await coordinator.kill();
    },
    end: () => coordinator.start(),
  };
}

/** Every message between a region's coordinator and the votes is sent twice. */
export function votesRepeated({ sites }: WanPlatform, forMs: number): Unplaced {
  const tell = (isOn: boolean): void => {
    for (const site of sites) giveOrder(site, { kind: "repeat", isOn });
  };
  return {
    forMs,
    what: "every message twice",
    target: "all coordinators and clients",
    begin: () => tell(true),
    end: () => tell(false),
  };
}
