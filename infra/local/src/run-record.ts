import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSameProcess, processIdentity } from "@holdfast/toolchain/process-identity";

/** A process that was started, and how to tell it from a later one with the same pid. */
export interface RecordedChild {
  /** What it is: "router us-east-1", "etcd us-east-1/s0/m0". */
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
  /** What asks it to end; SIGTERM if absent. */
  readonly stopSignal?: NodeJS.Signals;
}

const FILE = "children.json";
/** Long enough for a router to hand over; the new start should still be quick. */
const TERM_GRACE_MS = 2_000;
const POLL_MS = 25;

/**
 * The children that run now, on disk: should we be killed without a chance to stop them, the next
 * start finds them there.
 */
export class RunRecord {
  readonly #path: string;
  readonly #children = new Map<string, RecordedChild>();

  constructor(dataDir: string) {
    this.#path = join(dataDir, FILE);
  }

  add(name: string, pid: number, stopSignal?: NodeJS.Signals): void {
    const identity = processIdentity(pid);
    // Ended in the same instant: nothing there to find later.
    if (identity === undefined) return;
    const how = stopSignal === undefined ? {} : { stopSignal };
    this.#children.set(name, { name, pid, identity, ...how });
    this.#write();
  }

  remove(name: string): void {
    if (this.#children.delete(name)) this.#write();
  }

  /** Nothing runs any more. */
  clear(): void {
    this.#children.clear();
    rmSync(this.#path, { force: true });
  }

  #write(): void {
    const draft = `${this.#path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify([...this.#children.values()]));
    renameSync(draft, this.#path);
  }
}

/** The children an earlier run recorded that still are the same processes. */
export function findOrphans(dataDir: string): RecordedChild[] {
  return readRecord(dataDir).filter((child) => isSameProcess(child.pid, child.identity));
}

function readRecord(dataDir: string): RecordedChild[] {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dataDir, FILE), "utf8"));
    return Array.isArray(value) ? value.filter(isRecordedChild) : [];
  } catch {
    return [];
  }
}

function isRecordedChild(value: Partial<RecordedChild> | null): value is RecordedChild {
  return (
    typeof value?.name === "string" &&
    typeof value.pid === "number" &&
    typeof value.identity === "string" &&
    (value.stopSignal === undefined || value.stopSignal in constants.signals)
  );
}

/**
 * Ends processes that are not our children: as each is asked to, and with SIGKILL those that do not
 * heed it.
 * Looks at the identity before each signal, so a pid that changed hands is left alone.
 */
export async function stopOrphans(orphans: readonly RecordedChild[]): Promise<void> {
  signalAll(orphans, ({ stopSignal }) => stopSignal ?? "SIGTERM");
  if (await allGone(orphans, TERM_GRACE_MS)) return;
  signalAll(orphans, () => "SIGKILL");
  await allGone(orphans, TERM_GRACE_MS);
}

function signalAll(
  children: readonly RecordedChild[],
  signalFor: (child: RecordedChild) => NodeJS.Signals,
): void {
  for (const child of children) {
    if (!isSameProcess(child.pid, child.identity)) continue;
    try {
      process.kill(child.pid, signalFor(child));
    } catch {
      // Gone in the same instant.
    }
  }
}

async function allGone(children: readonly RecordedChild[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (!children.some((child) => isSameProcess(child.pid, child.identity))) return true;
    await sleep(POLL_MS);
  }
  return false;
}
