import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { openDirectSession } from "../contenders/lock-transactions.ts";
import { openEcho } from "./echo.ts";
import type { RegionSettings } from "./region-settings.ts";
import type { Samples } from "./samples.ts";
import { StretchedLocks } from "./stretched-lock.ts";

/** What Holdfast is compared with, and what its times are counted in. */
export type OtherStep =
  /** A key created if absent in the stretched cluster, under a lease made beforehand. */
  | "stretched"
  /** The transaction of a local acquire, straight to the region's own shard. */
  | "rawCommit";

/** All of them from one region, each timed once a turn. */
export async function openOthers(settings: RegionSettings, samples: Samples<OtherStep>) {
  const { region, etcd: endpoints } = settings;
  const store = new EtcdShardStore({ endpoints, region, shard: "s0" });
  const direct = await openDirectSession(store);
  const stretched = await StretchedLocks.open(settings.stretched);
  const echoes = new Map<string, Awaited<ReturnType<typeof openEcho>>>();
  for (const [to, address] of Object.entries(settings.echoes)) {
    echoes.set(to, await openEcho(address));
  }
  return {
    /** `name`: of a lock that nobody has in the stretched cluster. */
    async turn(name: string): Promise<void> {
      await samples.time("stretched", stretched.tryAcquire(name));
      await stretched.release(name);
      const grant = direct.next();
      const taken = await samples.time("rawCommit", store.commit(grant.acquire));
      if (taken.kind !== "committed") throw new Error(taken.message);
      await store.commit(grant.release(taken.revision));
      for (const [to, echo] of echoes) samples.note(to, await echo.roundTripMs());
    },
    async close(): Promise<void> {
      for (const echo of echoes.values()) echo.close();
      store.close();
      await stretched.close();
    },
  };
}
