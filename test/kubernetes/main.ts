import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { checks } from "./check-list.ts";
import { loadImages, localImages } from "./images.ts";
import { givenPrograms, MadeCluster } from "./made-cluster.ts";
import { loadObjectStore } from "./object-store.ts";
import { exitUsage, type ParsedOptions, parseOptions, usage } from "./options.ts";
import { type CheckEnd, reportOf } from "./report.ts";
import { runSuite } from "./suite.ts";

type RunOptions = ParsedOptions & { readonly kind: "run" };

const repository = resolve(import.meta.dirname, "../..");
const interruption = new AbortController();
const beganMs = performance.now();

process.exitCode = await main();

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options.kind === "help") return say(usage);
  if (options.kind === "list") return say(checks.map(({ name }) => name).join("\n"));
  if (options.kind === "usage") {
    console.error(`${options.message}\n\n${usage}`);
    return exitUsage;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!interruption.signal.aborted) report(`${signal}: cleaning up`);
      interruption.abort();
    });
  }
  const workFolder = mkdtempSync(join(tmpdir(), "holdfast-kubernetes-"));
  try {
    const ends = await onCluster(options, workFolder);
    const where = options.cluster.kind === "made" ? "brought up for it" : "that was there";
    say(reportOf(`Holdfast on a Kubernetes ${where}, three releases, TLS`, ends));
    const isWell = ends.length > 0 && ends.every(({ outcome }) => outcome !== "failed");
    return interruption.signal.aborted ? 130 : isWell ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return interruption.signal.aborted ? 130 : 1;
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

async function onCluster(options: RunOptions, workFolder: string): Promise<CheckEnd[]> {
  const { signal } = interruption;
  const { cluster: which, only, keep, again } = options;
  const settings = { repository, workFolder, only, keep, again, signal, report };
  if (which.kind === "given") {
    const programs = await givenPrograms();
    return runSuite({ ...settings, images: which.images, programs, hasObjectStore: false });
  }
  const cluster = new MadeCluster(which.command, signal);
  try {
    report("bringing up a cluster of three nodes …");
    await cluster.up(report);
    if (!again) await loadImages(cluster, repository, join(workFolder, "images"), report);
    const noStore = await loadObjectStore(cluster, workFolder);
    if (noStore !== undefined) report(`no snapshots, for want of an S3 server: ${noStore}`);
    const hasObjectStore = noStore === undefined;
    const programs = await cluster.programs();
    return await runSuite({ ...settings, images: localImages, hasObjectStore, programs });
  } finally {
    if (!keep) {
      await cluster.down();
      report("the cluster is down");
    }
  }
}

function report(line: string): void {
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0);
  console.error(`[${seconds.padStart(4)} s] ${line}`);
}

function say(text: string): number {
  console.log(text);
  return 0;
}
