import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { lowestPriority } from "@holdfast/runtime/lower-priority";
import { yieldSession } from "@holdfast/runtime/session-priority";
import { liveMembers } from "./group-members.ts";

/** A command and the bounds of its run. */
export interface GroupCommand {
  /** A line for `/bin/sh`. */
  readonly script: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Whether everything else on the machine comes first. */
  readonly yields?: boolean;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** How it ended. */
export type GroupEnd =
  /** `leftBehind`: commands it had started that outlived it, and were killed. */
  | { readonly kind: "exited"; readonly code: number; readonly leftBehind: readonly string[] }
  | { readonly kind: "stopped"; readonly why: "timeout" | "interrupted" };

/** What a command gets to end its servers by itself before it is killed. */
const graceMs = 5_000;
/** What children may take to notice that their parent is gone before they count as left behind. */
const settleMs = 1_000;
const pollMs = 50;

/**
 * Runs a command with a process group of its own, so that all it starts ends with it: a suite that
 * hangs, or is interrupted, leaves no server running. Exit code 1 stands for death by a signal.
 */
export async function runInGroup(command: GroupCommand): Promise<GroupEnd> {
  if (command.signal.aborted) return { kind: "stopped", why: "interrupted" };
  const shell = ["/bin/sh", "-c", command.script];
  const nice = ["nice", "-n", String(lowestPriority)];
  const [file = "", ...args] = command.yields ? [...nice, ...shell] : shell;
  const child = spawn(file, args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const group = child.pid;
  if (group === undefined) throw new Error(`${file} cannot be started`);
  // Its group is a session as well, to whose priority that of its processes is second.
  if (command.yields) yieldSession(group);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", command.onLine);
  }
  // Not "close": that waits for every child that inherited the output, also for one left behind.
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code) => resolve(code ?? 1));
  });
  const stop = Promise.withResolvers<"timeout" | "interrupted">();
  const timer = setTimeout(() => stop.resolve("timeout"), command.timeoutMs);
  const onAbort = (): void => stop.resolve("interrupted");
  command.signal.addEventListener("abort", onAbort, { once: true });
  // The last resort, when this process ends without having come to the end of this function.
  const onExit = (): void => killGroup(group, "SIGKILL");
  process.once("exit", onExit);
  const end = await Promise.race([exited, stop.promise]);
  clearTimeout(timer);
  command.signal.removeEventListener("abort", onAbort);
  const result: GroupEnd =
    typeof end === "number"
      ? { kind: "exited", code: end, leftBehind: await stillRunning(group, settleMs) }
      : { kind: "stopped", why: end };
  if (typeof end !== "number") {
    killGroup(group, "SIGTERM");
    await stillRunning(group, graceMs);
  }
  killGroup(group, "SIGKILL");
  process.removeListener("exit", onExit);
  return result;
}

/** The commands of a group that are alive, waiting up to `withinMs` for all of them to end. */
async function stillRunning(group: number, withinMs: number): Promise<string[]> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const alive = liveMembers(group);
    if (alive.length === 0 || performance.now() >= deadlineMs) return alive;
    await sleep(pollMs);
  }
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left.
  }
}
