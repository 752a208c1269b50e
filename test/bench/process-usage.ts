import { readdirSync, readFileSync } from "node:fs";

/**
 * What the kernel's clock ticks are worth where /proc shows them: USER_HZ is 100 on every Linux.
 */
const tickMs = 10;

/** CPU time of a process, all its threads, user and system, since it started; in ms. */
export function cpuMsFromStat(stat: string): number {
  // The command name stands in parentheses and may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) throw new Error(`not a line of /proc/PID/stat: ${stat}`);
  return ticks * tickMs;
}

/** Memory of a process that is in RAM, in bytes. */
export function rssBytesFromStatus(status: string): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (match === null) throw new Error("/proc/PID/status names no VmRSS");
  return Number(match[1]) * 1024;
}

/** CPU time of each process that still runs, in ms. */
export function cpuMsByPid(pids: readonly number[]): Map<number, number> {
  const used = new Map<number, number>();
  for (const pid of pids) {
    const stat = readIfThere(`/proc/${pid}/stat`);
    if (stat !== undefined) used.set(pid, cpuMsFromStat(stat));
  }
  return used;
}

/** What the processes that ran all the while used in between, in ms. */
export function cpuMsBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number {
  let sum = 0;
  for (const [pid, usedMs] of after) sum += usedMs - (before.get(pid) ?? usedMs);
  return sum;
}

/** Processes that `pid` started and that still run. */
export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) => {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  });
}

/** Memory of one process that is in RAM, in bytes. */
export function rssBytesOf(pid: number): number {
  return rssBytesFromStatus(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** A database ends helper processes of its own at any time. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
