import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import type { Guard } from "./hazard.ts";
import { hazards } from "./hazards.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
/** A scenario that fails may do so by waiting; then it ends no later than this. */
const childMaxMs = 30_000;

describe.skipIf(etcdMissing !== undefined)("hazards of group commit", () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());

  for (const { number, title, scenarios } of hazards) {
    describe(`${number}: ${title}`, () => {
      for (const [index, { name, run, guards }] of scenarios.entries()) {
        test(name, () => run(etcd.url));

        test.for(guards)(`… and it fails unless $what`, async (guard) => {
          const { failed, output } = await playWithout(etcd.url, number, index, guard);
          expect(output).toContain(guard.fails);
          expect(failed).toBe(true);
        });
      }
    });
  }
});

function playWithout(
  url: string,
  hazard: number,
  scenario: number,
  { file, find, replace }: Guard,
): Promise<{ readonly failed: boolean; readonly output: string }> {
  const edit = JSON.stringify({ file, find, replace });
  const args = ["--url", url, "--hazard", `${hazard}`, "--scenario", `${scenario}`, "--edit", edit];
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: childMaxMs }, (error, out, err) => {
      resolve({ failed: error !== null, output: out + err });
    });
  });
}
