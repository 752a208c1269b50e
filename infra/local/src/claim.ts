import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LockAttempt, tryLockFile } from "@holdfast/toolchain/lock-file";
import { readEndpoints } from "./endpoints-file.ts";
import { EXIT_UNAVAILABLE, type Refusal, refusal } from "./refusal.ts";

/** The right to run from a data directory, until `release`. */
export interface Claim {
  readonly kind: "claimed";
  /** Pid of an earlier run that ended without giving its claim back. */
  readonly deadPid: number | undefined;
  release(): void;
}

/** Makes the data directory ours, and creates it. The pid is left in the file `pid` for people. */
export function claimDataDir(dataDir: string): Claim | Refusal {
  let attempt: LockAttempt;
  try {
    mkdirSync(dataDir, { recursive: true });
    attempt = tryLockFile(join(dataDir, "lock"));
    if (attempt.kind === "locked") writeFileSync(join(dataDir, "pid"), `${process.pid}\n`);
  } catch (error) {
    return refusal(`${dataDir} cannot be written: ${(error as Error).message}`, [
      "give --data-dir a folder you may write to",
    ]);
  }
  if (attempt.kind === "busy") return alreadyRunning(dataDir, attempt.owner.pid);
  const { release } = attempt;
  return {
    kind: "claimed",
    deadPid: attempt.tookOver?.pid,
    release: () => {
      rmSync(join(dataDir, "pid"), { force: true });
      release();
    },
  };
}

function alreadyRunning(dataDir: string, pid: number): Refusal {
  const endpoints = readEndpoints(dataDir);
  const where = endpoints.length === 0 ? "" : `; it serves ${endpoints.join(", ")}`;
  return refusal(
    `Holdfast already runs from ${dataDir}, as process ${pid}${where}`,
    [
      "use that one",
      `or stop it: kill ${pid}`,
      "or run a second one beside it: npm start -- --data-dir <dir> --port-base 8420",
    ],
    EXIT_UNAVAILABLE,
  );
}
