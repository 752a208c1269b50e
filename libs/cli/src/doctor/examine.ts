import { CliError } from "../cli-error.ts";
import type { Discovery } from "../connection/discovery.ts";
import { type Probe, probeEndpoints } from "../connection/probe.ts";
import { within } from "../connection/within.ts";
import type { Edge } from "../edge.ts";
import { checkLocalClock, checkSkew } from "./check-clocks.ts";
import { checkEndpoints } from "./check-endpoints.ts";
import { checkGlobal } from "./check-global.ts";
import { checkInstallation } from "./check-installation.ts";
import { checkLock } from "./check-lock.ts";
import { checkNode } from "./check-node.ts";
import { checkShards } from "./check-shards.ts";
import { type Finding, fail } from "./finding.ts";

const shardsTimeoutMs = 8_000;

/** Everything the doctor looks at, from the machine outwards to the stores. Takes some seconds. */
export async function examine(
  edge: Edge,
  nodeVersion: string,
  discover: () => Promise<Discovery>,
): Promise<Finding[]> {
  const localClock = checkLocalClock(edge.clock);
  let discovery: Discovery;
  try {
    discovery = await discover();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const advice = error.details.advice ?? "Name the endpoints with --endpoints.";
    return [checkNode(nodeVersion), await localClock, fail("endpoints", error.message, advice)];
  }
  const probes = await probeEndpoints(edge, discovery.endpoints);
  const regions = await Promise.all(
    firstOfEachRegion(probes).map(({ region, endpoint }) => examineRegion(edge, region, endpoint)),
  );
  return [
    checkNode(nodeVersion),
    await localClock,
    ...(await checkInstallation(discovery)),
    ...(await checkEndpoints(edge.clock, probes)),
    ...regions.flat(),
    ...(await checkGlobal(edge, probes)),
  ];
}

function firstOfEachRegion(probes: readonly Probe[]): { region: string; endpoint: string }[] {
  const found = new Map<string, string>();
  for (const probe of probes) {
    if (probe.reachable && !found.has(probe.version.region)) {
      found.set(probe.version.region, probe.endpoint);
    }
  }
  return [...found].map(([region, endpoint]) => ({ region, endpoint }));
}

async function examineRegion(edge: Edge, region: string, endpoint: string): Promise<Finding[]> {
  try {
    const client = await edge.connect({ endpoints: [endpoint], namespace: "default", region });
    try {
      const late = `no answer within ${shardsTimeoutMs / 1_000}s`;
      const shards = await within(edge.clock, shardsTimeoutMs, client.shards(), late);
      const stores = shards.flatMap((shard) => shard.endpoints);
      return [
        ...checkShards(region, shards),
        await checkSkew(edge.clock, region, stores),
        await checkLock(edge, client),
      ];
    } finally {
      await client.close();
    }
  } catch (error) {
    const advice = "Look at the router's log; if it is starting, wait a moment.";
    return [fail(`${region} shards`, (error as Error).message, advice)];
  }
}
