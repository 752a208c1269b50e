import type { Edge } from "../edge.ts";
import type { VersionView } from "./client-port.ts";
import { within } from "./within.ts";

/** What one endpoint answered, asked by itself. */
export type Probe =
  | {
      readonly endpoint: string;
      readonly reachable: true;
      readonly roundTripMs: number;
      readonly version: VersionView;
    }
  | { readonly endpoint: string; readonly reachable: false; readonly problem: string };

/** Long enough for the other side of the world and a connection made anew. */
const probeTimeoutMs = 4_000;
/** The least of several is the round trip; the rest is what else the machine had to do. */
const roundTrips = 3;

/** Asks every endpoint by itself, so that one that is down neither hides nor delays the others. */
export function probeEndpoints(
  edge: Pick<Edge, "connect" | "clock">,
  endpoints: readonly string[],
): Promise<Probe[]> {
  const complaint = `no answer within ${probeTimeoutMs / 1_000}s`;
  return Promise.all(
    endpoints.map((endpoint) =>
      within(edge.clock, probeTimeoutMs, ask(edge, endpoint), complaint).catch(
        (error: Error): Probe => ({ endpoint, reachable: false, problem: error.message }),
      ),
    ),
  );
}

async function ask(edge: Pick<Edge, "connect" | "clock">, endpoint: string): Promise<Probe> {
  const client = await edge.connect({ endpoints: [endpoint], namespace: "default" });
  try {
    let roundTripMs = Number.POSITIVE_INFINITY;
    let version = await client.version();
    for (let trip = 0; trip < roundTrips; trip++) {
      const sentMs = edge.clock.monotonicMs();
      version = await client.version();
      roundTripMs = Math.min(roundTripMs, edge.clock.monotonicMs() - sentMs);
    }
    return { endpoint, reachable: true, roundTripMs, version };
  } finally {
    await client.close();
  }
}
