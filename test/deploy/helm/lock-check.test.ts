import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Program } from "../../e2e/program.ts";
import { repositoryRoot } from "../service-settings.ts";
import { chart } from "./rendered.ts";

const check = join(chart, "files/test/lock-check.mjs");
const cli = join(repositoryRoot, "libs/cli/src/main.ts");

describe("what helm test runs", () => {
  let folder: string;
  let router: Program;
  let endpoint: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-lock-check-"));
    endpoint = `127.0.0.1:${(await freePorts(1))[0]}`;
    const env = {
      HOLDFAST_REGION: "here",
      HOLDFAST_LISTEN: endpoint,
      HOLDFAST_STORE: "memory",
      HOLDFAST_SHARDS: "s0",
    };
    const main = join(repositoryRoot, "services/router/src/main.ts");
    router = new Program(process.execPath, [main], { cwd: repositoryRoot, env });
    await router.says(/"event\.action":"ready"/);
  });
  afterAll(async () => {
    router.kill("SIGTERM");
    await router.ended(10_000);
    rmSync(folder, { recursive: true, force: true });
  });

  function run(program: string, more: Record<string, string> = {}) {
    const env = {
      HOLDFAST_ENDPOINTS: endpoint,
      HOLDFAST_REGION: "here",
      LOCK_TTL_S: "10",
      ...more,
    };
    const args = [check, process.execPath, program];
    return new Program(process.execPath, args, { cwd: repositoryRoot, env }).ended(60_000);
  }

  it("takes a lock, contends for it, and sees the token grow", async () => {
    const ended = await run(cli);
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    expect(ended.stdout).toMatch(/took helm-test-here with token \d+\nnobody else gets it\n/);
    expect(ended.stdout).toMatch(/which is larger; gave it back\n$/);
  });

  it("fails where anybody gets a lock that is held, and where tokens stand still", async () => {
    const broken = (tries: number) => {
      const path = join(folder, `holdfast-${tries}.mjs`);
      const answer = `console.log(JSON.stringify({ token: "7", handle: "x" }))`;
      writeFileSync(path, `${answer}; if (process.argv[2] === "try") process.exitCode = ${tries};`);
      return path;
    };
    const twoHolders = await run(broken(0));
    expect(twoHolders.code).not.toBe(0);
    expect(twoHolders.stderr).toContain("holdfast try helm-test-here --ttl 10s: exit code 0");
    const still = await run(broken(75));
    expect(still.code).not.toBe(0);
    expect(still.stderr).toContain("the token did not grow: 7, then 7");
  });
});
