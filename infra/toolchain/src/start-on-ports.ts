import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, refuseTakenPorts } from "./free-ports.ts";
import type { ServerProcess } from "./server-process.ts";

/** A server that is to run on loopback ports of its own. */
export interface PortsPlan {
  /** The ports chosen lie here; a second start in the same place takes them again. */
  readonly dataDir: string;
  /** How many ports it needs. */
  readonly count: number;
  /** Chosen free, and kept for the next start in the same place, if absent. */
  readonly ports?: readonly number[] | undefined;
  /** Builds the server for these ports; it is started here. */
  readonly build: (ports: readonly number[]) => ServerProcess;
}

const PORT_RACE_TRIES = 4;

/** Starts a server and waits until it is ready; throws with the log's tail when it does not. */
export async function startOnPorts(
  plan: PortsPlan,
): Promise<{ server: ServerProcess; ports: readonly number[] }> {
  mkdirSync(plan.dataDir, { recursive: true });
  const portsFile = join(plan.dataDir, "ports.json");
  const given = plan.ports ?? recordedPorts(portsFile, plan.count);
  for (let tries = 1; ; tries++) {
    if (given !== undefined) await refuseTakenPorts(given);
    const ports = given ?? (await freePorts(plan.count));
    const server = plan.build(ports);
    server.start();
    if (await server.waitReady()) {
      writeFileSync(portsFile, JSON.stringify(ports));
      return { server, ports };
    }
    const failure = server.describeFailure();
    await server.kill();
    // Someone took a port between our look and the server's bind. Only ports nobody asked for may
    // be given up for others.
    const mayMove = given === undefined && tries < PORT_RACE_TRIES;
    if (!mayMove || !/address already in use/i.test(failure)) throw new Error(failure);
  }
}

function recordedPorts(file: string, count: number): readonly number[] | undefined {
  try {
    const ports: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(ports) && ports.length === count ? ports : undefined;
  } catch {
    return undefined;
  }
}
