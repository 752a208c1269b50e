import { join } from "node:path";
import { runCommand } from "./run-command.ts";

const JAVA_TIMEOUT_MS = 10_000;

/**
 * What keeps `user`, a program, from running on this machine's Java, as part of a sentence;
 * undefined when Java is at least `majorMin`. JAVA_HOME goes before PATH, as in the starters of
 * everything written in Java.
 */
export async function javaLacking(
  user: string,
  majorMin: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const home = env.JAVA_HOME;
  const java = home === undefined || home === "" ? "java" : join(home, "bin", "java");
  const asked = await runCommand(java, ["--version"], { env, timeoutMs: JAVA_TIMEOUT_MS });
  if (asked.kind === "failed") {
    return `${user} needs Java ${majorMin} or newer, and no java answers (${asked.why})`;
  }
  const major = javaMajor(asked.stdout);
  if (major !== undefined && major >= majorMin) return undefined;
  return `${user} needs Java ${majorMin} or newer, and ${java} is ${major ?? "of no known version"}`;
}

/** "openjdk 21 2023-09-19" is 21: a first release has no dots. */
export function javaMajor(text: string): number | undefined {
  const match = /^\S+ (\d+)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
