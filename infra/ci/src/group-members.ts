import { readdirSync, readFileSync } from "node:fs";

/**
 * The commands of a process group that run, each with its pid. Zombies are not counted: they have
 * ended, and only wait for the init process to take notice, which in a container may take seconds.
 */
export function liveMembers(group: number): string[] {
  let pids: string[];
  try {
    pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return hasAnyone(group) ? [`process group ${group}`] : [];
  }
  return pids.flatMap((pid) => {
    try {
      const member = memberFrom(readFileSync(`/proc/${pid}/stat`, "utf8"));
      return member.group === group && member.state !== "Z" && member.state !== "X"
        ? [`${member.command} (pid ${pid})`]
        : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

/** Where there is no /proc (macOS), zombies count until they are reaped. */
function hasAnyone(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** Reads `pid (command) state ppid pgrp …`; the command may hold blanks and brackets. */
function memberFrom(stat: string): { command: string; state: string; group: number } {
  const command = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  const [state = "", , group = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { command, state, group: Number(group) };
}
