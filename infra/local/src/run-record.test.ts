import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processIdentity } from "@holdfast/toolchain/process-identity";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findOrphans, RunRecord, stopOrphans } from "./run-record.ts";

let dataDir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "holdfast-record-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

function start(script: string): number {
  const child = spawn("sh", ["-c", script], { stdio: "ignore" });
  children.push(child);
  return child.pid as number;
}

test("what a killed run recorded and still lives is found, and nothing else", async () => {
  const record = new RunRecord(dataDir);
  const living = start("exec sleep 30");
  const ended = start("exec sleep 30");
  const forgotten = start("exec sleep 30");
  record.add("router a", living);
  record.add("router b", ended);
  record.add("router c", forgotten);
  record.remove("router c");
  children[1]?.kill("SIGKILL");
  await once(children[1] as ChildProcess, "exit");
  expect(findOrphans(dataDir)).toMatchObject([{ name: "router a", pid: living }]);
  record.clear();
  expect(findOrphans(dataDir)).toEqual([]);
});

test("a stranger with a recorded pid is not an orphan, and is never signalled", async () => {
  const stranger = start("exec sleep 30");
  const entry = { name: "router a", pid: stranger, identity: "an earlier boot/1" };
  writeFileSync(join(dataDir, "children.json"), JSON.stringify([entry]));
  expect(findOrphans(dataDir)).toEqual([]);
  await stopOrphans([entry]);
  expect(processIdentity(stranger)).toBeDefined();
});

test("orphans are ended, also one that does not heed SIGTERM", async () => {
  const record = new RunRecord(dataDir);
  const ready = join(dataDir, "deaf-is-ready");
  record.add("etcd a", start("exec sleep 30"));
  record.add("etcd b", start(`trap '' TERM; touch ${ready}; while :; do sleep 0.1; done`));
  await expect.poll(() => existsSync(ready)).toBe(true);
  const orphans = findOrphans(dataDir);
  expect(orphans).toHaveLength(2);
  await stopOrphans(orphans);
  expect(findOrphans(dataDir)).toEqual([]);
});

test("a damaged record is no record", () => {
  for (const text of ["", "{", "null", '{"pid":1}', '[null, {"pid":"1"}]']) {
    writeFileSync(join(dataDir, "children.json"), text);
    expect(findOrphans(dataDir)).toEqual([]);
  }
});
