import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CliError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";

/**
 * The file a shell would run for `command`. Looked up before the lock is taken: nobody should wait
 * in line, or make others wait, for a typing error.
 */
export async function findCommand(command: string, searchPath: string): Promise<string> {
  const candidates = command.includes("/")
    ? [command]
    : searchPath.split(delimiter).map((directory) => join(directory || ".", command));
  let found = false;
  for (const candidate of candidates) {
    const verdict = await judge(candidate);
    if (verdict === "runs") return candidate;
    found ||= verdict === "exists";
  }
  const [exitCode, what] = found
    ? [exitCodes.notExecutable, "is not executable"]
    : [exitCodes.notFound, "was not found"];
  throw new CliError(exitCode, `The command ${JSON.stringify(command)} ${what}.`, {
    code: found ? "NOT_EXECUTABLE" : "NOT_FOUND",
    advice: "The lock was not taken.",
  });
}

async function judge(path: string): Promise<"runs" | "exists" | "missing"> {
  try {
    if ((await stat(path)).isDirectory()) return "exists";
  } catch {
    return "missing";
  }
  try {
    await access(path, constants.X_OK);
    return "runs";
  } catch {
    return "exists";
  }
}
