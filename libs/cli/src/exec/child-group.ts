import type { ChildProcess } from "node:child_process";
import { descendants, listProcesses } from "./process-tree.ts";

/** The command and what it started, as one thing to signal. */
export interface ChildGroup {
  /** To the command alone where it shares the terminal's group, else to all of its own group. */
  signal(signal: NodeJS.Signals): void;
  /** To everything the command started, as far as it can be found. */
  signalAll(signal: NodeJS.Signals): Promise<void>;
  /** Is anything left of it? */
  isAlive(): Promise<boolean>;
}

/** A command in a process group of its own: the system keeps the list. */
export function ownGroup(child: ChildProcess): ChildGroup {
  const group = -(child.pid ?? 0);
  return {
    signal: (signal) => void send(group, signal),
    signalAll: async (signal) => void send(group, signal),
    isAlive: async () => exists(group),
  };
}

/**
 * A command in our own group, as it must be to use the terminal. The group has members that are not
 * ours (the script that called us), so the descendants are looked up instead.
 */
export function sharedGroup(child: ChildProcess): ChildGroup {
  const root = child.pid ?? 0;
  /** Kept from signal to signal: when a parent ends, its children lose the way back to it. */
  const known = new Map<number, string>();
  const living = async (): Promise<number[]> => {
    const all = await listProcesses();
    const startedAt = new Map(all.map((entry) => [entry.pid, entry.startedAt]));
    for (const [pid, start] of known) if (startedAt.get(pid) !== start) known.delete(pid);
    const roots = new Set([root, ...known.keys()]);
    for (const from of roots) {
      for (const entry of descendants(all, from)) known.set(entry.pid, entry.startedAt);
    }
    return [...known.keys()];
  };
  return {
    signal: (signal) => void child.kill(signal),
    signalAll: async (signal) => {
      const pids = await living();
      child.kill(signal);
      for (const pid of pids) if (pid !== root) send(pid, signal);
    },
    isAlive: async () => (await living()).some((pid) => exists(pid)),
  };
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  // 0 and -1 would mean our own group and everybody.
  if (pid === 0 || pid === -1 || pid === 0) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  return send(pid, 0);
}
