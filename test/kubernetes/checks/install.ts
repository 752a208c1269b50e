import { regions } from "../installation.ts";
import { type Check, settle } from "../platform.ts";

/** Three releases at once: global locks begin when all of them have met. */
export const install: Check = {
  name: "install three regions",
  run: async (platform) => {
    const { installation, tag } = platform;
    for (const region of regions) await installation.release(region, tag);
    await settle(platform);
    const restarts = await Promise.all(
      regions.map((region) =>
        Promise.all(
          ["router", "coordinator", "placement", "etcd"].map((each) =>
            installation.pods(region, each),
          ),
        ),
      ),
    );
    const pods = restarts.flat(2);
    const count = pods
      .flatMap(({ status }) => status?.containerStatuses ?? [])
      .reduce((sum, { restartCount }) => sum + restartCount, 0);
    return `${pods.length} pods, ${count} restarts, 3 of 3 regions vote`;
  },
};

/** What the chart brings to find out whether it works. */
export const helmTest: Check = {
  name: "helm test of each region",
  run: async ({ installation, report }) => {
    for (const region of regions) {
      const said = await installation.test(region);
      const tokens = said.match(/with token \d+/g) ?? [];
      if (tokens.length !== 2) throw new Error(`helm test of ${region} said: ${said}`);
      report(`${region}: took a lock twice, ${tokens.join(", then ")}`);
    }
    return "took, contended, released, took again: the token grew";
  },
};
