import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isSameProcess, processIdentity } from "./process-identity.ts";

/** Who holds a lock file. */
export interface LockOwner {
  readonly pid: number;
  /** See process-identity.ts; tells the owner from a later process with the same pid. */
  readonly identity: string;
}

export type LockAttempt =
  /** Ours until `release`; `tookOver` names a dead owner whose file was in the way. */
  | { readonly kind: "locked"; readonly tookOver?: LockOwner; release(): void }
  | { readonly kind: "busy"; readonly owner: LockOwner };

let nextSuffix = 0;

/**
 * Tries once to make `path` ours. The file is linked into place with its content, so nobody ever
 * reads a half-written owner. A file whose owner is dead is moved aside; if what we moved turns
 * out to be someone's fresh lock (they took over in the same instant), it is put back.
 */
export function tryLockFile(path: string): LockAttempt {
  mkdirSync(dirname(path), { recursive: true });
  const identity = processIdentity(process.pid) ?? "unknown";
  const draft = `${path}.${process.pid}.${nextSuffix++}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, identity }));
  let tookOver: LockOwner | undefined;
  try {
    // Two rounds are enough for one dead owner; more than a few means others win every time.
    for (let round = 0; round < 5; round++) {
      if (linkInto(draft, path)) return locked(path, identity, tookOver);
      const owner = readOwner(path);
      if (owner === "gone") continue;
      if (owner !== "garbage" && isSameProcess(owner.pid, owner.identity)) {
        return { kind: "busy", owner };
      }
      if (moveAside(path, owner) && owner !== "garbage") tookOver = owner;
    }
    const owner = readOwner(path);
    return { kind: "busy", owner: typeof owner === "string" ? { pid: 0, identity: "" } : owner };
  } finally {
    rmSync(draft, { force: true });
  }
}

function locked(path: string, identity: string, tookOver: LockOwner | undefined): LockAttempt {
  const release = (): void => {
    const owner = readOwner(path);
    // Someone who judged us dead may own the file by now: then it is not ours to remove.
    if (typeof owner === "string" || owner.pid !== process.pid || owner.identity !== identity) {
      return;
    }
    rmSync(path, { force: true });
  };
  return tookOver === undefined
    ? { kind: "locked", release }
    : { kind: "locked", tookOver, release };
}

function linkInto(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function moveAside(path: string, dead: LockOwner | "garbage"): boolean {
  const grave = `${path}.dead.${process.pid}.${nextSuffix++}`;
  try {
    renameSync(path, grave);
  } catch {
    return false;
  }
  const moved = readOwner(grave);
  const isTheDead =
    typeof moved === "string" || typeof dead === "string"
      ? moved === dead
      : moved.pid === dead.pid && moved.identity === dead.identity;
  if (!isTheDead) linkInto(grave, path);
  rmSync(grave, { force: true });
  return isTheDead;
}

/** The owner written in a lock file; "garbage" when it does not parse (a stranger's file). */
export function readOwner(path: string): LockOwner | "gone" | "garbage" {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return "gone";
  }
  try {
    const value = JSON.parse(text) as Partial<LockOwner> | null;
    if (typeof value?.pid === "number" && typeof value.identity === "string") {
      return { pid: value.pid, identity: value.identity };
    }
  } catch {
    // Falls through: not JSON is as good as not ours.
  }
  return "garbage";
}
