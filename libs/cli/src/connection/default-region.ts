import type { Edge } from "../edge.ts";
import type { Discovery } from "./discovery.ts";
import { within } from "./within.ts";

const askTimeoutMs = 3_000;

/**
 * The region a command means that names none: the first of the installation's. The SDK would take
 * that of the router which answers first, and two commands in a row would talk of two locks.
 */
export async function defaultRegion(
  edge: Pick<Edge, "connect" | "clock">,
  discovery: Discovery,
  note: (text: string) => Promise<void>,
): Promise<string | undefined> {
  const known = discovery.file?.content.regions[0]?.region ?? "";
  if (known !== "") return known;
  const { endpoints } = discovery;
  if (endpoints.length === 1) return undefined;
  for (const [index, endpoint] of endpoints.entries()) {
    const region = await regionOf(edge, endpoint);
    if (region === undefined) continue;
    if (index > 0) {
      const silent = endpoints.slice(0, index).join(", ");
      await note(`holdfast: ${silent}: no answer; using ${region}, the region of ${endpoint}\n`);
    }
    return region;
  }
  // Nobody answers; connecting will say so in better words.
  return undefined;
}

async function regionOf(
  edge: Pick<Edge, "connect" | "clock">,
  endpoint: string,
): Promise<string | undefined> {
  const connecting = edge.connect({ endpoints: [endpoint], namespace: "default" });
  try {
    const client = await within(edge.clock, askTimeoutMs, connecting, "no answer");
    const { region } = client;
    await client.close();
    return region;
  } catch {
    // One that comes too late has to be closed all the same.
    connecting.then((client) => client.close()).catch(() => {});
    return undefined;
  }
}
