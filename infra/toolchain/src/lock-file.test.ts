import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LockAttempt, tryLockFile } from "./lock-file.ts";
import { processIdentity } from "./process-identity.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-lock-"));
  path = join(folder, "the.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function locked(attempt: LockAttempt): LockAttempt & { kind: "locked" } {
  if (attempt.kind !== "locked") throw new Error(`held by ${attempt.owner.pid}`);
  return attempt;
}

test("a second attempt is told who has it, and gets it after the release", () => {
  const first = locked(tryLockFile(path));
  expect(tryLockFile(path)).toMatchObject({ kind: "busy", owner: { pid: process.pid } });
  first.release();
  expect(existsSync(path)).toBe(false);
  const second = locked(tryLockFile(path));
  expect(second.tookOver).toBeUndefined();
  second.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a process that died is taken over, and the dead owner named", async () => {
  const child = spawn("sleep", ["30"]);
  const pid = child.pid as number;
  const owner = { pid, identity: processIdentity(pid) as string };
  writeFileSync(path, JSON.stringify(owner));
  expect(tryLockFile(path)).toEqual({ kind: "busy", owner });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(locked(tryLockFile(path)).tookOver).toEqual(owner);
});

test("a living process that merely has the dead owner's pid does not keep the lock", () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, identity: "an earlier boot/1" }));
  expect(tryLockFile(path).kind).toBe("locked");
});

test("a file that is no lock is replaced", () => {
  writeFileSync(path, "{");
  expect(locked(tryLockFile(path)).tookOver).toBeUndefined();
});

test("releasing does not remove a lock that someone took over meanwhile", () => {
  const first = locked(tryLockFile(path));
  writeFileSync(path, JSON.stringify({ pid: 1, identity: "other" }));
  first.release();
  expect(existsSync(path)).toBe(true);
});
