import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { S3Files } from "@holdfast/adapter-s3/s3-files";
import { runProgram } from "./run-program.ts";
import type { RestoreSettings } from "./settings.ts";

/**
 * So far above the snapshot's revision a restored shard begins: farther than a shard gets between
 * two snapshots, or numbers that were given out since would be given out again.
 */
const revisionBump = 1_000_000_000;

/** What a restore came to. */
export type Restored =
  | { readonly kind: "restored"; readonly object: string; readonly bytes: number }
  /** The member has data, which is not touched. */
  | { readonly kind: "left alone" }
  | { readonly kind: "failed"; readonly why: string };

/** Fills the empty folder of one member from a snapshot: the same one for every member. */
export async function restore(settings: RestoreSettings): Promise<Restored> {
  const { dataDir, workDir, object } = settings;
  if (existsSync(join(dataDir, "member"))) return { kind: "left alone" };
  const path = join(workDir, "restore.db");
  const draft = `${dataDir}.restoring`;
  // What is left of a restore that was interrupted.
  for (const each of [path, draft, dataDir]) rmSync(each, { recursive: true, force: true });
  const files = new S3Files(settings.bucket);
  const fetched = await files.download(object, path).finally(() => files.close());
  if (fetched.kind === "failed") {
    return { kind: "failed", why: `${object} was not fetched: ${fetched.message}` };
  }
  const made = await runProgram("etcdutl", [
    ...["snapshot", "restore", path, `--data-dir=${draft}`, `--name=${settings.member}`],
    `--initial-cluster=${settings.initialCluster}`,
    `--initial-cluster-token=${settings.clusterToken}`,
    `--initial-advertise-peer-urls=${settings.peerUrl}`,
    `--bump-revision=${revisionBump}`,
    // Whoever watched the lost shard must not go on as if nothing were missing.
    "--mark-compacted",
  ]);
  rmSync(path, { force: true });
  if (made.kind === "failed")
    return { kind: "failed", why: `${object} is no snapshot: ${made.why}` };
  // In one step, so that a member never starts on half of its data.
  renameSync(draft, dataDir);
  return { kind: "restored", object, bytes: fetched.bytes };
}
