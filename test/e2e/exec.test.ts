import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoEtcd } from "./environment.ts";
import { CommandLine } from "./holdfast.ts";
import { type Child, Platform } from "./platform.ts";
import type { Program } from "./program.ts";

const noEtcd = await whyNoEtcd();

/** Says its pid and goes on until it is told to end. */
const patient = "echo pid $$; while :; do sleep 0.1; done";
/** The same, and says which signals it gets, none of which ends it. */
const stubborn = `trap 'echo told TERM' TERM; trap 'echo told USR1' USR1; ${patient}`;
const oneShard = "--regions us-east-1 --shards 1";

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function pidOf(exec: Program): Promise<number> {
  return Number((await exec.says(/pid (\d+)/))[1]);
}

describe.skipIf(noEtcd !== undefined)("exec", () => {
  let platform: Platform;
  let cli: CommandLine;
  beforeAll(async () => {
    platform = await Platform.start(oneShard);
    cli = new CommandLine(platform);
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  const exec = (options: string, script: string, ownGroup = false): Program =>
    cli.start(["exec", ...options.split(" "), "--", "sh", "-c", script], { ownGroup });

  it("ends with the exit code of its command, and frees the lock", async () => {
    expect((await exec("job-1", "exit 7").ended()).code).toBe(7);
    expect((await exec("job-1 --wait 0", "kill -9 $$").ended()).code).toBe(137);
    expect((await cli.json("try job-1")).granted).toBe(true);
  });

  it("does not run the command where the lock is busy: 75", async () => {
    await cli.acquire("job-2");
    const { code, stdout, stderr } = await exec("--wait 0 job-2", "echo it ran").ended();
    expect({ code, stdout }).toEqual({ code: 75, stdout: "" });
    expect(stderr).toContain("job-2 in us-east-1 is busy: held by");
    expect((await exec("--wait 300ms job-2", "echo it ran").ended()).code).toBe(75);
  });

  it("does not take the lock for a command that is missing: 127", async () => {
    const { code } = await cli.run("exec job-3 -- no-such-command");
    expect(code).toBe(127);
    expect(await cli.json("get job-3")).toMatchObject({ state: "free" });
  });

  it("runs nothing where nothing answers: 69", async () => {
    const endpoints = "127.0.0.1:1,127.0.0.1:2";
    const words = ["exec", "job-4", "--", "echo", "it ran"];
    const { code, stdout, stderr } = await cli.run(words, { endpoints });
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toContain("Nothing listens at 127.0.0.1:1, 127.0.0.1:2.");
  });

  it("passes signals on, and releases when the command has ended by one", async () => {
    const running = exec("job-5", stubborn);
    const pid = await pidOf(running);
    running.kill("SIGUSR1");
    await running.says(/told USR1/);
    running.kill("SIGTERM");
    await running.says(/told TERM/);
    expect(await cli.json("get job-5")).toMatchObject({ state: "exclusive" });
    process.kill(pid, "SIGKILL");
    expect((await running.ended()).code).toBe(137);
    expect(await cli.json("get job-5")).toMatchObject({ state: "free" });
  });

  it("ends with its command at Ctrl-C, and frees the lock at once", async () => {
    const running = exec("job-6 --ttl 1m", patient, true);
    const pid = await pidOf(running);
    running.pressCtrlC();
    expect((await running.ended(10_000)).code).toBe(130);
    expect(isRunning(pid)).toBe(false);
    expect(await cli.json("get job-6")).toMatchObject({ state: "free" });
  });

  it("keeps the lock while its router is killed and comes back", async () => {
    const ttlMs = 20_000;
    const running = exec(`job-7 --ttl ${ttlMs}ms`, patient);
    const pid = await pidOf(running);
    const [router] = platform.processes("router");
    process.kill(router?.pid ?? 0, "SIGKILL");
    const killedMs = performance.now();
    await platform.program.says(/router us-east-1 serves again/);
    const keptAlive = async () => {
      const { sessions }: { sessions: { remainingMs: number }[] } = await cli.json("sessions");
      const remainingMs = Math.max(0, ...sessions.map((session) => session.remainingMs));
      // A lease that nobody has kept alive since the kill has no more than that.
      return remainingMs > ttlMs - (performance.now() - killedMs) + 2_000;
    };
    await expect.poll(keptAlive, { timeout: ttlMs }).toBe(true);
    expect(await cli.json("get job-7")).toMatchObject({ state: "exclusive" });
    process.kill(pid, "SIGTERM");
    expect((await running.ended()).code).toBe(143);
  });

  it("loses the lock when etcd stands still: SIGTERM for the command, exit 70", async () => {
    const running = exec("job-8 --ttl 2s", `trap 'echo told TERM; exit 0' TERM; ${patient}`);
    await pidOf(running);
    const members: Child[] = platform.processes("etcd");
    for (const { pid } of members) process.kill(pid, "SIGSTOP");
    const { code, stdout, stderr } = await running.ended().finally(() => {
      for (const { pid } of members) process.kill(pid, "SIGCONT");
    });
    expect(stdout).toContain("told TERM");
    expect(stderr).toContain("holdfast: lost job-8 in us-east-1; stopping the command");
    expect(code).toBe(70);
  });
});

describe.skipIf(noEtcd !== undefined)("exec whose platform is gone for good", () => {
  it("kills a command that does not heed SIGTERM after 5 s, and exits with 70", async () => {
    await using platform = await Platform.start(oneShard);
    const words = ["exec", "job-1", "--ttl", "2s", "--", "sh", "-c", stubborn];
    const running = new CommandLine(platform).start(words);
    const pid = await pidOf(running);
    await platform.killSupervisor();
    platform.killChildren();
    await running.says(/told TERM/, 10_000);
    const toldMs = performance.now();
    expect(isRunning(pid)).toBe(true);
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
    expect(performance.now() - toldMs).toBeGreaterThan(4_000);
    const { code, stderr } = await running.ended(30_000);
    expect(code).toBe(70);
    expect(stderr).toContain("holdfast: lost job-1 in us-east-1; stopping the command");
  });
});
