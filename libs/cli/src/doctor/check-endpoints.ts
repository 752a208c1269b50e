import type { Clock } from "@holdfast/base/clock";
import { isLoopback } from "../connection/endpoint.ts";
import type { Probe } from "../connection/probe.ts";
import { listenerAt } from "../connection/tcp.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Does every endpoint answer, and do they belong together? */
export async function checkEndpoints(clock: Clock, probes: readonly Probe[]): Promise<Finding[]> {
  const findings = await Promise.all(probes.map((probe) => checkEndpoint(clock, probe)));
  return [...findings, ...checkUnity(probes)];
}

async function checkEndpoint(clock: Clock, probe: Probe): Promise<Finding> {
  const about = `port ${probe.endpoint}`;
  if (probe.reachable) {
    const { region, version } = probe.version;
    const roundTrip = `${probe.roundTripMs.toFixed(1)}ms`;
    return ok(about, `${region}, holdfast ${version}, round trip ${roundTrip}`);
  }
  const local = isLoopback(probe.endpoint);
  if ((await listenerAt(clock, probe.endpoint)) !== "nothing") {
    return fail(
      about,
      `something listens, but it does not answer as Holdfast (${probe.problem})`,
      local
        ? "Find out what has the port (ss -ltnp), stop it, and run npm start again."
        : "Check that the address is a Holdfast router's and that nothing between changes HTTP/2.",
    );
  }
  return fail(
    about,
    "nothing listens",
    local
      ? "Run npm start, or name the endpoints with --endpoints or HOLDFAST_ENDPOINTS."
      : "Check the address, the network and the router's own health.",
  );
}

function checkUnity(probes: readonly Probe[]): Finding[] {
  const versions = probes.flatMap((probe) => (probe.reachable ? [probe.version] : []));
  if (versions.length === 0) return [];
  const clusters = [...new Set(versions.map(({ cluster }) => cluster))];
  const releases = [...new Set(versions.map(({ version }) => version))];
  const findings = [
    clusters.length === 1
      ? ok("cluster", `${clusters[0]}`)
      : fail(
          "cluster",
          `the endpoints belong to ${clusters.length} installations: ${clusters.join(", ")}`,
          "Name the endpoints of one installation only: the same name in two is two locks.",
        ),
  ];
  if (releases.length > 1) {
    const message = `the routers run different versions: ${releases.join(", ")}`;
    findings.push(warn("version", message, "Finish the rollout."));
  }
  if (versions.some(({ store }) => store === "memory")) {
    const message = "kept in memory: every lock is gone when the router stops";
    findings.push(warn("store", message, "Fine for a try; for more, npm start with etcd."));
  }
  return findings;
}
