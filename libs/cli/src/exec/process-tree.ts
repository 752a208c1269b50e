import { execFile } from "node:child_process";

/** A process, told from a later one with the same pid by when it began. */
interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** The foreground process group of its terminal; -1 or 0 without one. */
  readonly foregroundGroupId: number;
  readonly startedAt: string;
}

const listTimeoutMs = 2_000;

/** `pid ppid pgid tpgid lstart`, the columns that Linux and macOS both know. */
const line = /^\s*(\d+)\s+(\d+)\s+(-?\d+)\s+(-?\d+)\s+(.+?)\s*$/;

/** Every process `ps` shows; empty where there is no `ps`. */
export function listProcesses(): Promise<readonly ProcessEntry[]> {
  const columns = [
    "-A",
    "-o",
    "pid=",
    "-o",
    "ppid=",
    "-o",
    "pgid=",
    "-o",
    "tpgid=",
    "-o",
    "lstart=",
  ];
  return new Promise((resolve) => {
    execFile("ps", columns, { timeout: listTimeoutMs, maxBuffer: 2 ** 24 }, (_error, stdout) => {
      resolve(stdout.split("\n").flatMap(parseLine));
    });
  });
}

function parseLine(text: string): ProcessEntry[] {
  const match = line.exec(text);
  if (match === null) return [];
  const [pid = 0, parentPid = 0, groupId = 0, foregroundGroupId = 0] = match
    .slice(1, 5)
    .map(Number);
  return [{ pid, parentPid, groupId, foregroundGroupId, startedAt: match[5] ?? "" }];
}

/** `root` and all that descend from it, parents first. */
export function descendants(all: readonly ProcessEntry[], root: number): ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of all) {
    const siblings = children.get(entry.parentPid);
    if (siblings === undefined) children.set(entry.parentPid, [entry]);
    else siblings.push(entry);
  }
  const found = all.filter((entry) => entry.pid === root);
  for (const { pid } of found) {
    // Grows while it is walked; a process has one parent, so each is met once.
    found.push(...(children.get(pid) ?? []).filter((entry) => entry.pid !== pid));
  }
  return found;
}
