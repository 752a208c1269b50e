import { setTimeout as sleep } from "node:timers/promises";
import { tags } from "../images.ts";
import { namespaceOf, regions, releaseName } from "../installation.ts";
import { assertUnnoticed, told, underLoad } from "../load.ts";
import { assertThat, type Check, type Platform, settle } from "../platform.ts";

const brokenForMs = 40_000;

/** As docs/operations.md has it: one region after the other, each judged by `helm test`. */
export const rollingUpgrade: Check = {
  name: "rolling upgrade of all regions under load",
  run: async (platform) => {
    const { installation, report } = platform;
    const figures = await underLoad(platform, async () => {
      for (const region of regions) {
        const beganMs = performance.now();
        await installation.release(region, tags.next);
        await installation.rolledOut(region);
        await installation.test(region);
        report(`${region} upgraded in ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`);
      }
    });
    platform.tag = tags.next;
    const images = await imagesOf(platform);
    assertThat(
      images.every((image) => image.endsWith(`:${tags.next}`)),
      `not all pods run ${tags.next}: ${images.join(", ")}`,
    );
    assertUnnoticed(figures);
    return told(figures);
  },
};

/** An image that does not start leaves those serving that were there; a rollback heals it. */
export const brokenImage: Check = {
  name: "upgrade to an image that does not start, and back, under load",
  run: async (platform) => {
    const { installation, cluster, report } = platform;
    const region = regions[0];
    const before = await servingIn(platform);
    const figures = await underLoad(platform, async () => {
      await installation.release(region, tags.broken);
      await sleep(brokenForMs);
      const serving = await servingIn(platform);
      report(`serving before ${show(before)}, with the broken image ${show(serving)}`);
      for (const component of ["router", "coordinator", "placement"]) {
        assertThat(
          (serving[component] ?? 0) >= (before[component] ?? 0),
          `${component}: ${serving[component]} of ${before[component]} serve`,
        );
      }
      // A member is replaced in its place: one is away, and no second one goes.
      assertThat((serving.etcd ?? 0) === 2, `${serving.etcd} members of etcd serve, and not 2`);
      const where = ["--namespace", namespaceOf(region)];
      await cluster.helm(["rollback", releaseName, ...where]);
      await installation.rolledOut(region);
    });
    await settle(platform);
    assertUnnoticed(figures);
    return told(figures);
  },
};

async function imagesOf({ installation }: Platform): Promise<string[]> {
  const components = ["router", "coordinator", "placement", "etcd"];
  const pods = await Promise.all(
    regions.flatMap((region) => components.map((each) => installation.pods(region, each))),
  );
  return pods.flat().flatMap((pod) => pod.status?.containerStatuses?.map((one) => one.image) ?? []);
}

/** How many pods serve, by component. */
async function servingIn({ installation }: Platform): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const component of ["router", "coordinator", "placement", "etcd"]) {
    const pods = await installation.pods(regions[0], component);
    counts[component] = pods.filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
    ).length;
  }
  return counts;
}

function show(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([component, count]) => `${count} ${component}`)
    .join(", ");
}
