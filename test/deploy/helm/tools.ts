import { execFile } from "node:child_process";
import { findTool } from "@holdfast/toolchain/find-tool";
import type { ToolName } from "@holdfast/toolchain/tool";

/** The API that charts are rendered for and judged by: that of the pinned schemas. */
export const kubernetesVersion = "1.35.4";

/**
 * The executables of `names`, in their order, or why one of them cannot be had, which is printed.
 * Nothing is built here: whoever runs the suite looked for the tools before.
 */
export async function toolPaths<Name extends ToolName>(
  names: readonly Name[],
): Promise<{ paths: Readonly<Record<Name, string>>; missing: string | undefined }> {
  const paths = {} as Record<Name, string>;
  for (const name of names) {
    const found = await findTool(name, { offline: true });
    if (found.kind === "missing") {
      console.warn(`skipped, for want of ${name}: ${found.reason}`);
      return { paths, missing: found.reason };
    }
    paths[name] = found.path;
  }
  return { paths, missing: undefined };
}

/** What a program that ended had to say. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without a home of its own: no user's settings count. */
export function run(file: string, args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 ** 2, timeout: 60_000 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
