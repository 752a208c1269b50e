import { mkdirSync } from "node:fs";
import { Certificates } from "./certificates.ts";
import { chosen } from "./check-list.ts";
import { Cluster, type Programs } from "./cluster.ts";
import { runWell } from "./command.ts";
import { tags } from "./images.ts";
import { doorOf, Installation, type Region } from "./installation.ts";
import { layOutReader, readerScript } from "./manual.ts";
import { startObjectStore } from "./object-store.ts";
import type { Platform } from "./platform.ts";
import { type CheckEnd, lineOf } from "./report.ts";
import { TestPod } from "./test-pod.ts";

const clientNamespace = "holdfast-e2e-clients";
const zoneLabel = "topology.kubernetes.io/zone";
const pasteTimeoutMs = 15 * 60_000;

/** What a run of the suite needs. */
export interface SuiteSettings {
  readonly programs: Programs;
  readonly repository: string;
  /** Registry and path before the names of images. */
  readonly images: string;
  /** Nodes have the image of an S3 server. */
  readonly hasObjectStore: boolean;
  /** A folder that is thrown away afterwards. */
  readonly workFolder: string;
  readonly only: readonly string[];
  /** What was installed stays. */
  readonly keep: boolean;
  /** What is installed is taken as it is. */
  readonly again: boolean;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Runs the checks one after the other; what came of each. */
export async function runSuite(settings: SuiteSettings): Promise<CheckEnd[]> {
  const { programs, repository, images, workFolder, signal, report } = settings;
  mkdirSync(workFolder, { recursive: true });
  const cluster = new Cluster(programs, signal);
  const installation = new Installation(cluster, { repository, images, workFolder });
  try {
    if (!settings.again) await installation.remove();
    const nodes = await threeZones(cluster);
    await installation.makeNamespaces();
    const store = settings.hasObjectStore ? await startObjectStore(cluster) : {};
    await installation.prepare(store);
    const image = `${images}/holdfast-cli:${tags.first}`;
    const client = await startClient(cluster, image, nodes[0], settings.again);
    const platform: Platform = {
      ...{ cluster, installation, client, clientImage: image, nodes, repository },
      tag: tags.first,
      report: (line) => report(`         ${line}`),
      hasObjectStore: settings.hasObjectStore,
      paste: (text, region, blocks) => {
        layOutReader(repository, installation.found(platform.tag), workFolder);
        return paste(settings, client, text, region, blocks);
      },
    };
    return await runChecks(platform, settings);
  } finally {
    // Whoever keeps it wants to look at it; a cluster that is taken down takes all along.
    if (!settings.keep && !signal.aborted && programs.inside === undefined) {
      await new TestPod(cluster, clientPlace("", "")).stop();
      await installation.remove();
    }
  }
}

async function runChecks(platform: Platform, settings: SuiteSettings): Promise<CheckEnd[]> {
  const ends: CheckEnd[] = [];
  for (const check of chosen(settings.only)) {
    if (settings.signal.aborted) break;
    settings.report(`${check.name} …`);
    const beganMs = performance.now();
    const end = await check.run(platform).then(
      (text) => ({ outcome: text.startsWith("skipped: ") ? "skipped" : "passed", text }) as const,
      (error: unknown) => ({ outcome: "failed", text: messageOf(error) }) as const,
    );
    const seconds = (performance.now() - beganMs) / 1_000;
    ends.push({ name: check.name, seconds, ...end });
    settings.report(lineOf(ends.at(-1) as CheckEnd));
    // Without an installation nothing can be said of all the rest.
    if (ends.length === 1 && end.outcome === "failed") break;
  }
  return ends;
}

/** With certificates for everybody, unless all have theirs. */
async function startClient(
  cluster: Cluster,
  image: string,
  nodeName: string,
  again: boolean,
): Promise<TestPod> {
  const place = clientPlace(image, nodeName);
  const { namespace, labels } = place;
  if (!again) {
    const certificates = await Certificates.make(new Date());
    const home = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
    await cluster.apply([home, ...(await certificates.secrets(namespace))]);
  }
  const client = new TestPod(cluster, place);
  await client.start();
  return client;
}

function clientPlace(image: string, nodeName: string) {
  return {
    ...{ namespace: clientNamespace, name: "client", image, nodeName },
    labels: { "holdfast.dev/client": "true" },
    // Whoever measures must not be the first to stand still where processors are few.
    cpu: "500m",
    tlsSecret: "holdfast-tls",
  };
}

/** One node in each of three zones, in the order of the zones' names. */
async function threeZones(cluster: Cluster): Promise<Platform["nodes"]> {
  const byZone = new Map<string, string>();
  for (const { metadata } of await cluster.objects("nodes")) {
    const zone = metadata.labels?.[zoneLabel];
    if (zone !== undefined && !byZone.has(zone)) byZone.set(zone, metadata.name);
  }
  const [client, drained, cut] = [...byZone.keys()].sort().map((zone) => byZone.get(zone));
  if (client === undefined || drained === undefined || cut === undefined) {
    throw new Error(
      `the suite needs nodes in three zones (${zoneLabel}): there are ${byZone.size}`,
    );
  }
  return [client, drained, cut];
}

function paste(
  { programs, workFolder, signal }: SuiteSettings,
  client: TestPod,
  text: string,
  region: Region,
  blocks: readonly string[],
): Promise<string> {
  const holdfast = () => [
    ...programs.kubectl,
    ...client.nodeWords("libs/cli/bin/holdfast.js", "--endpoints", doorOf(region).endpoint),
  ];
  const script = readerScript(text, { ...programs, holdfast }, region, blocks);
  const words = ["bash", "-c", `cd '${workFolder}'\n${script}`];
  return runWell(words, { timeoutMs: pasteTimeoutMs, signal });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
