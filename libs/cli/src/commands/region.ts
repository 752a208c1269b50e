import type { Command } from "commander";
import type { RegionView } from "../connection/client-port.ts";
import { type Probe, probeEndpoints } from "../connection/probe.ts";
import { exitCodes } from "../exit-codes.ts";
import { printDuration } from "../input/duration.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { type Quorum, quorumOf, quorumStory } from "./quorum.ts";
import { addReadmit } from "./readmit.ts";

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

/** `holdfast region ls` and `holdfast region readmit`. */
export function addRegion(program: Command, wrap: Wrap): void {
  const region = program
    .command("region")
    .helpCommand(false)
    .summary("show the regions")
    .description("Shows the regions of the installation, and admits one again that lost its data.")
    .addHelpText(
      "after",
      examplesHelp(["holdfast region ls", "holdfast region readmit us-west-2 --yes"]),
    );
  region
    .command("ls")
    .summary("list the regions, and how far away they are")
    .description(
      "Lists the regions: first as seen from here, endpoint by endpoint, then those that only the " +
        "routers know. Then how each of them stands to global locks, as the first router that " +
        "answers sees it, and whether those work. Exits with 69 where nothing answers.",
    )
    .addHelpText("after", examplesHelp(["holdfast region ls", "holdfast region ls -o json"]))
    .action(wrap((invocation) => listRegions(invocation)));
  addReadmit(region, wrap);
}

async function listRegions(invocation: Invocation): Promise<number> {
  const { endpoints, source } = await invocation.discover();
  const probes = await probeEndpoints(invocation.edge, endpoints);
  const reachable = probes.find((probe) => probe.reachable);
  const known = reachable === undefined ? [] : await knownTo(invocation, reachable.endpoint);
  const rows = [...probes.map(rowOf), ...unseen(probes, known)];
  const quorum = quorumOf(known);
  if (invocation.format === "json") {
    const members = new Map(known.map(({ name, global }) => [name, global]));
    const regions = rows.map((row) => ({ ...row, global: members.get(row.region) }));
    await invocation.printJson({ source, regions, ...(quorum && { global: quorum }) });
  } else {
    await printRegions(invocation, rows);
    if (quorum !== undefined) await printMembers(invocation, known, quorum);
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

/** How each region stands to global locks. */
async function printMembers(
  invocation: Invocation,
  known: readonly RegionView[],
  quorum: Quorum,
): Promise<void> {
  await invocation.print("\n");
  await invocation.printTable(
    [
      { title: "GLOBAL LOCKS" },
      { title: "COORDINATOR" },
      { title: "ROUND TRIP", align: "right" },
      { title: "VOTES" },
      { title: "GENERATION", align: "right" },
      { title: "INCARNATION" },
    ],
    known.map(({ name, global }) => [
      name,
      global === undefined ? "none" : global.reachable ? "ok" : "unreachable",
      global?.reachable ? `${global.roundTripMs.toFixed(1)}ms` : "-",
      global?.votes ? "yes" : "no",
      global?.generation ? global.generation.toString() : "-",
      global?.incarnation || "-",
    ]),
  );
  await invocation.print(`\n${quorumStory(quorum)}\n`);
  if (quorum.problems.length > 0) await invocation.note(`${quorum.problems.join("\n")}\n`);
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
