import { Holdfast } from "@holdfast/client/holdfast";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPlatform, type WanPlatform } from "../../wan/wan-platform.ts";
import { etcdMissing } from "../etcd-server.ts";

const name = "retired";
const scope = "global";

describe.skipIf(etcdMissing !== undefined)("a coordinator that is told to end", () => {
  let platform: WanPlatform;

  beforeAll(async () => {
    platform = await startPlatform();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  async function clientOf(region: string): Promise<Holdfast> {
    const endpoints = platform.endpointsFrom(region);
    return Holdfast.connect({ endpoints, owner: region, region });
  }

  test("has given back what was delegated to it by the time it is gone", async () => {
    const [here, there] = platform.sites;
    if (here === undefined || there === undefined) throw new Error("a platform has three regions");
    await using mine = await clientOf(here.region);
    await using other = await clientOf(there.region);
    // Whose leases hold the lock up, by region.
    const alive = async () => {
      const { votes = [] } = await other.get(name, { scope });
      return votes.filter(({ live }) => live.length > 0).map(({ region }) => region);
    };
    for (let times = 0; times < 3; times++) {
      const lock = await mine.acquire(name, { scope, wait: "30s" });
      await lock.release();
    }
    expect((await alive()).length).toBeGreaterThanOrEqual(2);
    await here.coordinator.kill("SIGTERM");
    expect(await alive()).toEqual([]);
  });
});
