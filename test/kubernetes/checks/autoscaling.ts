import { setTimeout as sleep } from "node:timers/promises";
import { doorOf, namespaceOf, regions, releaseName } from "../installation.ts";
import { assertUnnoticed, told, underLoad } from "../load.ts";
import { assertThat, type Check, type Platform, settle } from "../platform.ts";

const region = regions[0];
/** The most that the values of the suite allow. */
const routersMax = 5;
const upTimeoutMs = 4 * 60_000;
/** It takes routers away only after five quiet minutes. */
const downTimeoutMs = 9 * 60_000;
/** Longer than connections get: by then new routers have clients of their own. */
const sharedAfterMs = 70_000;

/** More clients, more routers; and nobody loses anything by it. */
export const autoscaling: Check = {
  name: "the autoscaler adds routers under load",
  run: async (platform) => {
    const { report, cluster } = platform;
    await cluster.until("room for more routers", downTimeoutMs, async () => {
      const count = await replicas(platform);
      return count < routersMax ? { done: count } : `there are ${count}, the most there may be`;
    });
    let [before, after] = [0, 0];
    const work = async () => {
      before = await replicas(platform);
      const beganMs = performance.now();
      after = await cluster.until("a further router that serves", upTimeoutMs, async () => {
        const serving = await servingRouters(platform);
        return serving > before ? { done: serving } : `${serving} serve`;
      });
      const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0);
      report(`from ${before} routers to ${after} in ${seconds} s`);
      await sleep(sharedAfterMs);
    };
    const busy = { regions: [doorOf(region)], global: false, clients: 8, askers: 8, restMs: 0 };
    const figures = await underLoad(platform, work, busy);
    await settle(platform);
    assertUnnoticed(figures);
    assertThat(after > before, `${before} routers, then ${after}`);
    return `${before} routers, then ${after}: ${told(figures)}`;
  },
};

async function replicas({ cluster }: Platform): Promise<number> {
  const where = ["--namespace", namespaceOf(region), "--output", "jsonpath={.spec.replicas}"];
  return Number(await cluster.kubectl(["get", `deployment/${releaseName}-router`, ...where]));
}

async function servingRouters({ cluster }: Platform): Promise<number> {
  const where = [
    "--namespace",
    namespaceOf(region),
    "--output",
    "jsonpath={.status.readyReplicas}",
  ];
  return Number(await cluster.kubectl(["get", `deployment/${releaseName}-router`, ...where]));
}
