import { execFile } from "node:child_process";

/** How a program ended. */
export type Ran =
  | { readonly kind: "done"; readonly stdout: string }
  /** The last that it said, in one line. */
  | { readonly kind: "failed"; readonly why: string };

const timeoutMs = 20 * 60_000;

/** Runs one of etcd's tools to its end; `env` is what it has besides our own environment. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const options = { timeout: timeoutMs, env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ kind: "done", stdout });
      const said = stderr.trim().split("\n").at(-1) ?? "";
      resolve({ kind: "failed", why: said === "" ? error.message : said });
    });
  });
}
