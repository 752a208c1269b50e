import { rmSync } from "node:fs";
import { join } from "node:path";
import { S3Files } from "@holdfast/adapter-s3/s3-files";
import { type Ran, runProgram } from "./run-program.ts";
import type { SaveSettings } from "./settings.ts";

/** What a snapshot came to. */
export type Saved =
  | {
      readonly kind: "saved";
      readonly object: string;
      readonly bytes: number;
      /** The shard's revision that it is of. */
      readonly revision: string;
      readonly keys: number;
    }
  | { readonly kind: "failed"; readonly why: string };

/** Takes a shard's snapshot, looks whether it is whole, and stores it. */
export async function save(settings: SaveSettings, now: Date): Promise<Saved> {
  const path = join(settings.workDir, "snapshot.db");
  const failures: string[] = [];
  for (const endpoint of settings.endpoints) {
    // etcdctl goes on with a file of its own name, and leaves half of one where it fails.
    for (const each of [path, `${path}.part`]) rmSync(each, { force: true });
    const taken = await take(endpoint, path);
    if (taken.kind === "done") return store(settings, path, now);
    failures.push(`${endpoint}: ${taken.why}`);
  }
  return { kind: "failed", why: `no member gave a snapshot: ${failures.join("; ")}` };
}

async function take(endpoint: string, path: string): Promise<Ran> {
  const env = { ETCDCTL_ENDPOINTS: endpoint };
  // A snapshot of a member that is away would be waited for without an end.
  const asked = await runProgram("etcdctl", ["--command-timeout=5s", "endpoint", "status"], env);
  if (asked.kind === "failed") return asked;
  return runProgram("etcdctl", ["snapshot", "save", path], env);
}

async function store(settings: SaveSettings, path: string, now: Date): Promise<Saved> {
  const looked = await runProgram("etcdutl", ["snapshot", "status", path, "--write-out=json"]);
  if (looked.kind === "failed") {
    return { kind: "failed", why: `the snapshot is not whole: ${looked.why}` };
  }
  const { revision, totalKey } = JSON.parse(looked.stdout) as Record<string, number>;
  const object = `${settings.prefix}/${stamp(now)}.db`;
  const files = new S3Files(settings.bucket);
  const stored = await files.upload(path, object).finally(() => files.close());
  rmSync(path, { force: true });
  if (stored.kind === "failed") {
    return { kind: "failed", why: `${object} was not stored: ${stored.message}` };
  }
  const { bytes } = stored;
  return { kind: "saved", object, bytes, revision: String(revision), keys: Number(totalKey) };
}

/** `20261122T091700Z`: names in the order of time. */
function stamp(now: Date): string {
  return `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}
