import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@holdfast/toolchain/run-command";
import { copyProgram } from "./lay-out.ts";

/**
 * What a base image would bring, taken from this machine: the libraries Node is linked with, a
 * folder for temporary files, and names for users. For where there is no Docker, or no base to be
 * fetched. Returns what this machine lacks; undefined when all of it was there.
 */
export async function layOutBase(
  root: string,
  node: string,
  userId: number,
): Promise<string | undefined> {
  const lacking = await layOutLibraries(root, node);
  if (lacking !== undefined) return lacking;
  for (const folder of ["tmp", "proc", "dev", "sys", "etc"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  chmodSync(join(root, "tmp"), 0o1777);
  const etc = {
    passwd: `root:x:0:0::/:\nholdfast:x:${userId}:${userId}::/:\n`,
    group: `root:x:0:\nholdfast:x:${userId}:\n`,
    hosts: "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "hosts: files dns\n",
  };
  for (const [name, text] of Object.entries(etc)) writeFileSync(join(root, "etc", name), text);
  return undefined;
}

/** What `program` is linked with, at the same places. Returns what this machine lacks for it. */
export async function layOutLibraries(root: string, program: string): Promise<string | undefined> {
  const linked = await runCommand("ldd", [program], { timeoutMs: 10_000 });
  if (linked.kind === "failed") {
    return `ldd does not tell what ${program} is linked with: ${linked.why}`;
  }
  for (const [library] of linked.stdout.matchAll(/\/\S+\.so\S*/g)) {
    copyProgram(library, join(root, library));
  }
  return undefined;
}
