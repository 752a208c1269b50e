import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { checks } from "./check-list.ts";
import { loadImages, localImages } from "./images.ts";
import { givenPrograms, MadeCluster } from "./made-cluster.ts";
import { loadObjectStore } from "./object-store.ts";
import { exitUsage, parseOptions, usage, type WhichCluster } from "./options.ts";
import { type CheckEnd, reportOf } from "./report.ts";
import { runSuite } from "./suite.ts";

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
    const ends = await onCluster(options.cluster, options.keep, workFolder, options.only);
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

async function onCluster(
  which: WhichCluster,
  keep: boolean,
  workFolder: string,
  only: readonly string[],
): Promise<CheckEnd[]> {
  const { signal } = interruption;
  const settings = { repository, workFolder, only, keep, signal, report };
  if (which.kind === "given") {
    const programs = await givenPrograms();
    return runSuite({ ...settings, images: which.images, programs, hasObjectStore: false });
  }
  const cluster = new MadeCluster(which.command, signal);
  try {
    report("bringing up a cluster of three nodes …");
    await cluster.up(report);
    await loadImages(cluster, repository, join(workFolder, "images"), report);
    const noStore = await loadObjectStore(cluster, workFolder);
    if (noStore !== undefined) report(`no snapshots, for want of an S3 server: ${noStore}`);
    return await runSuite({
      ...settings,
      images: localImages,
      hasObjectStore: noStore === undefined,
      programs: await cluster.programs(),
    });
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
