import { execFileSync, spawnSync } from "node:child_process";
import { resolve } from "node:path";

// Fails when the wire API breaks a client of the last landed commit: the one `origin/main` names;
// when that is the very commit checked out, the one before it. A repository without an origin has
// landed nothing that a client could hold on to.

const root = resolve(import.meta.dirname, "../../..");
const baseline = landedCommit();
if (baseline === undefined) {
  console.log("proto: no landed commit has an API yet, so nothing can break");
} else {
  console.log(`proto: compared with ${baseline.slice(0, 12)}`);
  const against = `.git#ref=${baseline}`;
  const { status } = spawnSync("buf", ["breaking", "--against", against], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}

function landedCommit(): string | undefined {
  const landed = commit("origin/main");
  if (landed === undefined) return undefined;
  const candidate = landed === commit("HEAD") ? commit("HEAD^1") : landed;
  if (candidate === undefined) return undefined;
  // Before the first API there is nothing to compare with.
  return git("ls-tree", candidate, "buf.yaml") === "" ? undefined : candidate;
}

function commit(name: string): string | undefined {
  try {
    return git("rev-parse", "--verify", "--quiet", `${name}^{commit}`);
  } catch {
    return undefined;
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}
