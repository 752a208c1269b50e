import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import type { ToolName } from "@holdfast/toolchain/tool";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeRun, living } from "./testing/fake-run.ts";

const needed: readonly ToolName[] = ["etcd", "kafka", "postgres", "redis", "versitygw"];
const found = await Promise.all(needed.map((tool) => findTool(tool, { offline: true })));
const missing = found.filter((each) => each.kind === "missing");
for (const { reason } of missing) console.warn(`npm start -- --audit is not tested: ${reason}`);

let root: string;
let dataDir: string;
const runs: FakeRun[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-start-audit-"));
  dataDir = root;
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill("SIGTERM");
    await run.ended;
  }
  rmSync(root, { recursive: true, force: true });
});

function start(lacking = ""): FakeRun {
  const words = "--audit --port-base 0 --regions a,b --shards 1".split(" ");
  const run = new FakeRun(dataDir, words, "", lacking);
  runs.push(run);
  return run;
}

describe.runIf(missing.length === 0)("with --audit", () => {
  test("the stores run beside the regions, and a start after kill -9 finds them and their data", async () => {
    const first = start();
    const ready = await first.waitFor("ready");
    expect(Object.keys(ready.stores as object)).toEqual(["kafka", "postgres", "redis", "s3"]);
    expect(ready.audit).toMatch(/^127\.0\.0\.1:\d+$/);
    const children = first.children();
    expect(
      children
        .map(({ name }) => name)
        .filter((name) => !/ [ab]/.test(name))
        .sort(),
    ).toEqual(["archiver", "auditor", "kafka", "postgres", "redis", "s3"]);
    expect(children.filter(({ name }) => name.startsWith("journal"))).toHaveLength(2);
    expect(statSync(join(dataDir, "audit", "archiver.env")).mode & 0o777).toBe(0o600);
    const made = statSync(join(dataDir, "audit", "postgres", "data", "PG_VERSION")).ino;
    first.kill("SIGKILL");
    await first.ended;
    expect(living(children)).toHaveLength(children.length);

    const second = start();
    await second.waitFor("ready");
    expect(living(children)).toEqual([]);
    const notice = await second.waitFor("notice");
    expect(notice.message).toContain(`${children.length} processes it had left were stopped.`);
    expect(statSync(join(dataDir, "audit", "postgres", "data", "PG_VERSION")).ino).toBe(made);
    const now = second.children();
    second.kill("SIGINT");
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(living(now)).toEqual([]);
    expect(existsSync(join(dataDir, "audit", "archiver.env"))).toBe(false);
  }, 120_000);
});

describe.runIf(found[0]?.kind === "found")("--audit on a machine that lacks a store", () => {
  test("is refused, by name and with the ways out, before anything is started", async () => {
    const run = start("kafka");
    const refused = await run.waitFor("refused");
    expect(refused.message).toContain("--audit needs kafka: kafka is not to be had");
    expect(await run.ended).toEqual({ code: 69, signal: null });
    expect(existsSync(join(dataDir, "version.json"))).toBe(false);
  });
});
