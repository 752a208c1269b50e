import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { sleep } from "@holdfast/base/clock";
import { CliError } from "../cli-error.ts";
import type { Edge } from "../edge.ts";
import { exitCodes } from "../exit-codes.ts";
import { type ChildGroup, ownGroup, sharedGroup } from "./child-group.ts";
import { listProcesses } from "./process-tree.ts";
import type { SignalRelay } from "./signal-relay.ts";

/** From SIGTERM to SIGKILL when the lock is lost. */
export const killGraceMs = 5_000;
const groupPollMs = 100;

/** What to run, and the belief it runs under. */
export interface Supervision {
  readonly file: string;
  /** As the command will see itself in argv[0]. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the lock is lost. */
  readonly lost: AbortSignal;
  readonly relay: SignalRelay;
  /** Called at once when the lock is lost while the command runs. */
  readonly onLost: () => void;
}

/** How it ended. `lost`: the lock was lost while the command ran, so its result does not count. */
export interface Ending {
  readonly exitCode: number;
  readonly lost: boolean;
}

/** Runs a command for as long as the lock is held, and not a moment longer than it must. */
export async function supervise(edge: Edge, supervision: Supervision): Promise<Ending> {
  const { lost, relay } = supervision;
  if (lost.aborted) return { exitCode: exitCodes.notHeld, lost: true };
  const child = spawn(supervision.file, supervision.args, {
    argv0: supervision.command,
    stdio: "inherit",
    env: { ...supervision.env },
    // A group of its own lets a signal reach what the command started; but only the terminal's own
    // group can read from it, and Ctrl-C reaches that group without us.
    detached: !edge.sharesTerminal,
  });
  const exited = exitOf(child);
  const group = edge.sharesTerminal ? sharedGroup(child) : ownGroup(child);
  const forgetStops = edge.sharesTerminal ? () => {} : stopTogether(edge, group);
  relay.relayTo((signal) => void forward(edge, group, signal));
  const stopping = new AbortController();
  const onLost = () => {
    supervision.onLost();
    void stopAll(edge, group, stopping.signal);
  };
  lost.addEventListener("abort", onLost, { once: true });
  try {
    const exitCode = await exited;
    // What outlives its parent lives under a lock that is gone: it gets what is left of the grace.
    if (lost.aborted) await untilGone(edge, group);
    return { exitCode, lost: lost.aborted };
  } finally {
    lost.removeEventListener("abort", onLost);
    stopping.abort();
    forgetStops();
    relay.swallow();
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT";
      const exitCode = missing ? exitCodes.notFound : exitCodes.notExecutable;
      const why = missing ? "it, or the interpreter it names, is missing" : `${error.code}`;
      reject(new CliError(exitCode, `The command could not be started: ${why}.`, { cause: error }));
    });
    child.once("exit", (code, signal) => {
      resolve(code ?? exitCodes.signal + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

async function stopAll(edge: Edge, group: ChildGroup, settled: AbortSignal): Promise<void> {
  await group.signalAll("SIGTERM");
  // A stopped process acts on SIGTERM only when it goes on.
  await group.signalAll("SIGCONT");
  edge.clock.schedule(killGraceMs, () => {
    if (!settled.aborted) void group.signalAll("SIGKILL");
  });
}

async function untilGone(edge: Edge, group: ChildGroup): Promise<void> {
  const polls = Math.ceil((killGraceMs * 1.1) / groupPollMs);
  for (let poll = 0; poll < polls; poll++) {
    if (!(await group.isAlive())) return;
    await sleep(edge.clock, groupPollMs);
  }
}

async function forward(edge: Edge, group: ChildGroup, signal: NodeJS.Signals): Promise<void> {
  const typed = signal === "SIGINT" || signal === "SIGQUIT";
  if (edge.sharesTerminal && typed && (await inForeground())) {
    // The terminal has sent it to the command already; a second one would mean "at once" to many.
    return;
  }
  group.signal(signal);
}

async function inForeground(): Promise<boolean> {
  const self = (await listProcesses()).find((entry) => entry.pid === process.pid);
  return self === undefined || self.groupId === self.foregroundGroupId;
}

/** Ctrl-Z stops us; the command, in another group, would run on under a lock nobody renews. */
function stopTogether(edge: Edge, group: ChildGroup): () => void {
  const forgetStop = edge.onSignal("SIGTSTP", () => {
    group.signal("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  });
  const forgetContinue = edge.onSignal("SIGCONT", () => group.signal("SIGCONT"));
  return () => {
    forgetStop();
    forgetContinue();
  };
}
