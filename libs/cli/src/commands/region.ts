import type { Command } from "commander";
import type { RegionView } from "../connection/client-port.ts";
import { type Probe, probeEndpoints } from "../connection/probe.ts";
import { exitCodes } from "../exit-codes.ts";
import { printDuration } from "../input/duration.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";

/** A region seen from here, and from a router. */
interface RegionRow {
  readonly region: string;
  readonly endpoint: string;
  readonly reachable: boolean;
  readonly roundTripMs?: number;
  readonly store?: string;
  readonly version?: string;
  readonly uptimeMs?: number;
  readonly problem?: string;
}

/** `holdfast region ls`. */
export function addRegion(program: Command, wrap: Wrap): void {
  const region = program
    .command("region")
    .helpCommand(false)
    .summary("show the regions")
    .description("Shows the regions of the installation.")
    .addHelpText("after", examplesHelp(["holdfast region ls"]));
  region
    .command("ls")
    .summary("list the regions, and how far away they are")
    .description(
      "Lists the regions: first as seen from here, endpoint by endpoint, then those that only the " +
        "routers know. Exits with 69 where nothing answers.",
    )
    .addHelpText("after", examplesHelp(["holdfast region ls", "holdfast region ls -o json"]))
    .action(wrap((invocation) => listRegions(invocation)));
}

async function listRegions(invocation: Invocation): Promise<number> {
  const { endpoints, source } = await invocation.discover();
  const probes = await probeEndpoints(invocation.edge, endpoints);
  const reachable = probes.find((probe) => probe.reachable);
  const known = reachable === undefined ? [] : await knownTo(invocation, reachable.endpoint);
  const rows = [...probes.map(rowOf), ...unseen(probes, known)];
  if (invocation.format === "json") {
    await invocation.printJson({ source, regions: rows });
  } else {
    await printRegions(invocation, rows);
  }
  return reachable === undefined ? exitCodes.unavailable : exitCodes.done;
}

/** What the router at `endpoint` knows of; a region that is down there is its problem, not ours. */
async function knownTo(invocation: Invocation, endpoint: string): Promise<readonly RegionView[]> {
  const client = await invocation.edge.connect({ endpoints: [endpoint], namespace: "default" });
  try {
    return await client.regions();
  } finally {
    await client.close();
  }
}

function rowOf(probe: Probe): RegionRow {
  const { endpoint, reachable } = probe;
  if (!reachable) return { region: "", endpoint, reachable, problem: probe.problem };
  const { region, store, version, uptimeMs } = probe.version;
  return { region, endpoint, reachable, roundTripMs: probe.roundTripMs, store, version, uptimeMs };
}

function unseen(probes: readonly Probe[], known: readonly RegionView[]): RegionRow[] {
  const seen = new Set(probes.map((probe) => (probe.reachable ? probe.version.region : "")));
  const asked = new Set(probes.map((probe) => probe.endpoint));
  return known
    .filter(({ name, endpoints }) => !seen.has(name) && !endpoints.some((one) => asked.has(one)))
    .map(({ name, endpoints, reachable, roundTripMs, problem }) => ({
      region: name,
      endpoint: endpoints.join(","),
      reachable,
      ...(reachable ? { roundTripMs } : {}),
      problem: problem === "" ? "seen by a router only" : problem,
    }));
}

async function printRegions(invocation: Invocation, rows: readonly RegionRow[]): Promise<void> {
  await invocation.printTable(
    [
      { title: "REGION" },
      { title: "ENDPOINT" },
      { title: "STATE" },
      { title: "ROUND TRIP", align: "right" },
      { title: "STORE" },
      { title: "VERSION" },
      { title: "UP FOR", align: "right" },
    ],
    rows.map((row) => [
      row.region === "" ? "?" : row.region,
      row.endpoint,
      row.reachable ? "ok" : "unreachable",
      row.roundTripMs === undefined ? "-" : `${row.roundTripMs.toFixed(1)}ms`,
      row.store ?? "-",
      row.version ?? "-",
      row.uptimeMs === undefined ? "-" : printDuration(row.uptimeMs),
    ]),
  );
  const problems = rows.filter((row) => row.problem !== undefined);
  if (problems.length === 0) return;
  const lines = problems.map((row) => `${row.region || row.endpoint}: ${row.problem}`);
  await invocation.note(`\n${lines.join("\n")}\n`);
}
