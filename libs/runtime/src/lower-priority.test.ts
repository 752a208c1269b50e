import { spawnSync } from "node:child_process";
import { getPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lowestPriority, yieldProcess } from "./lower-priority.ts";

const module = fileURLToPath(new URL("lower-priority.ts", import.meta.url));
/** Fields of stat in proc(5), counted from the one after the command's name. */
const [niceField, policyField] = [16, 38];
/** Of sched(7). */
const idlePolicy = 5;

const script = `
  const { lowerPriority } = await import(${JSON.stringify(module)});
  const { readFile } = await import("node:fs/promises");
  const { readdirSync, readFileSync } = await import("node:fs");
  lowerPriority(process.pid);
  // Has threads of its own that are started only now.
  await readFile("/proc/self/stat");
  const threads = readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync("/proc/self/task/" + thread + "/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    return { nice: fields[${niceField}], policy: fields[${policyField}] };
  });
  console.log(JSON.stringify(threads));`;

interface Thread {
  readonly nice: number;
  readonly policy: number;
}

function threadsThatYield(env?: NodeJS.ProcessEnv): Thread[] {
  const args = ["--input-type=module", "-e", script];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  return JSON.parse(stdout) as Thread[];
}

test.runIf(process.platform === "linux")("every thread comes after all others", () => {
  const threads = threadsThatYield();
  expect(threads.length).toBeGreaterThan(1);
  const canBeIdle = spawnSync("chrt", ["--idle", "0", "true"]).status === 0;
  for (const { nice, policy } of threads) {
    expect(nice).toBe(lowestPriority);
    if (canBeIdle) expect(policy).toBe(idlePolicy);
  }
});

test.runIf(process.platform === "linux")("also where no command schedules as idle", () => {
  const threads = threadsThatYield({ PATH: "/nowhere" });
  expect(new Set(threads.map(({ nice }) => nice))).toEqual(new Set([lowestPriority]));
});

test("a process that has ended needs none", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const ours = getPriority();
  expect(() => yieldProcess(pid)).not.toThrow();
  expect(getPriority()).toBe(ours);
});
