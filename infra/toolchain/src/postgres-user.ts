import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand, type UnixUser } from "./run-command.ts";

/**
 * Whom to run Postgres as, which refuses to run as root: "nobody" when we are root and there is
 * no user for it.
 */
export function postgresUser(): UnixUser | "ourselves" | "nobody" {
  if (process.getuid?.() !== 0) return "ourselves";
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // No such user; the next one.
    }
  }
  return "nobody";
}

/**
 * The folder of executables `binary` lies in, or a copy of it all below `dataDir` where `user`
 * cannot reach it: a tool cache in root's home is closed to everybody else.
 */
export async function reachablePrograms(
  binary: string,
  dataDir: string,
  user: UnixUser | undefined,
): Promise<string> {
  const programs = dirname(binary);
  if (user === undefined) return programs;
  const copy = join(dataDir, "programs");
  const draft = `${copy}.draft`;
  if (existsSync(copy)) return join(copy, "bin");
  const check = ["--version"];
  const runs = await runCommand(binary, check, { user, cwd: "/", timeoutMs: 10_000 });
  if (runs.kind === "done") return programs;
  rmSync(draft, { recursive: true, force: true });
  cpSync(dirname(programs), draft, { recursive: true, verbatimSymlinks: true });
  renameSync(draft, copy);
  return join(copy, "bin");
}

/** Lets others pass through `folder`, though not see what is in it. */
export function openPassage(folder: string): void {
  const mode = statSync(folder).mode & 0o7777;
  if ((mode & 0o011) !== 0o011) chmodSync(folder, mode | 0o011);
}
