import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * A text that two processes never share even when they are given the same pid one after the
 * other: the pid's start time (and, on Linux, the boot it belongs to). Undefined when no such
 * process lives. Without it a stale pid file could make us stop, or wait for, a stranger.
 */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? linuxIdentity(pid) : psIdentity(pid);
}

/** True when `pid` still is the process that `identity` was taken from. */
export function isSameProcess(pid: number, identity: string): boolean {
  return processIdentity(pid) === identity;
}

/** The command line of a process, arguments separated by blanks; undefined when it is gone. */
export function processCommand(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const raw = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return raw === "" ? undefined : raw.replaceAll("\0", " ").trim();
    }
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/** Picks the start time out of a line of /proc/PID/stat; undefined for a zombie, which is dead. */
export function startTimeFromStat(stat: string): string | undefined {
  // The command name stands in parentheses and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  if (state === "Z" || state === "X") return undefined;
  return fields[19];
}

let bootId: string | undefined;

function linuxIdentity(pid: number): string | undefined {
  try {
    const startTime = startTimeFromStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    if (startTime === undefined) return undefined;
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${bootId}/${startTime}`;
  } catch {
    return undefined;
  }
}

function psIdentity(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return text.trim() === "" ? undefined : text.trim();
  } catch {
    return undefined;
  }
}
