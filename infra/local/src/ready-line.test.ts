import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ReadyLine } from "./ready-line.ts";

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-ready-"));
  log = join(folder, "router.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const READY = '{"message":"serving","event.action":"ready"}\n';

test("the ready line counts only if it was written after the start", () => {
  writeFileSync(log, READY);
  const line = new ReadyLine(log);
  expect(line.seen()).toBe(false);
  appendFileSync(log, `{"message":"hello"}\n${READY}`);
  expect(line.seen()).toBe(true);
});

test("a line that comes in pieces, behind a long one, is read whole", () => {
  const line = new ReadyLine(log);
  expect(line.seen()).toBe(false);
  writeFileSync(log, `${"x".repeat(200_000)}\n${READY.slice(0, 20)}`);
  expect(line.seen()).toBe(false);
  appendFileSync(log, READY.slice(20));
  expect(line.seen()).toBe(true);
});

test("words that merely look like it do not count", () => {
  const line = new ReadyLine(log);
  writeFileSync(log, 'not json "ready"\n{"message":"ready","event.action":"starting"}\n');
  expect(line.seen()).toBe(false);
});
