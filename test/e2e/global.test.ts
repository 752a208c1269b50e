import { Holdfast } from "@holdfast/client/holdfast";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoEtcd } from "./environment.ts";
import { CommandLine } from "./holdfast.ts";
import { Platform } from "./platform.ts";

const noEtcd = await whyNoEtcd();

const regions = ["us-east-1", "us-west-2", "eu-west-1"] as const;

describe.skipIf(noEtcd !== undefined)("global locks of a running platform", () => {
  let platform: Platform;
  let cli: CommandLine;
  beforeAll(async () => {
    platform = await Platform.start();
    cli = new CommandLine(platform);
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  function through(region: string) {
    return { endpoints: platform.endpoint(region) };
  }

  /** Stops everything a region consists of, dead, until the function that comes back is called. */
  function freeze(region: string): () => void {
    const pids = platform.processes("").filter(({ name }) => name.includes(region));
    for (const { pid } of pids) process.kill(pid, "SIGSTOP");
    return () => {
      for (const { pid } of pids) process.kill(pid, "SIGCONT");
    };
  }

  it("are held in all regions at once, and given up through any of them", async () => {
    const handle = await cli.acquire("a --global --ttl 1m", through("us-east-1"));
    expect(handle).toMatch(/^global\//);
    for (const region of regions) {
      const refused = await cli.json("try a --global", 75, through(region));
      expect(refused).toMatchObject({ outcome: "held", region: "global" });
      // The local lock of that name is another one.
      await cli.json("try a", 0, through(region));
    }
    await cli.json(`renew ${handle}`, 0, through("us-west-2"));
    expect((await cli.run(`renew ${handle} --ttl 30s`)).code).toBe(64);
    const { votes, state } = await cli.json("get a --global", 0, through("eu-west-1"));
    expect(state).toBe("exclusive");
    expect(votes.map(({ region }: { region: string }) => region).sort()).toEqual(
      regions.toSorted(),
    );
    await cli.json(`release ${handle}`, 0, through("eu-west-1"));
    const { token } = await cli.json("try a --global", 0, through("us-west-2"));
    expect(BigInt(token)).toBeGreaterThan(1n << 20n);
  });

  it("are handed over to who waits in another region", async () => {
    const first = await cli.json("acquire b --global --ttl 1m", 0, through("us-east-1"));
    const waiting = cli.start("acquire b --global --wait 1m -o json", through("eu-west-1"));
    const waiters = async () => (await cli.json("get b --global")).waiterCount;
    await expect.poll(waiters, { timeout: 20_000 }).toBe(1);
    await cli.json(`release ${first.handle}`, 0, through("us-west-2"));
    const { code, stdout, stderr } = await waiting.ended(20_000);
    expect(code, stderr).toBe(0);
    expect(BigInt(JSON.parse(stdout).token)).toBeGreaterThan(BigInt(first.token));
  });

  it("are told of as lost when somebody takes them away", async () => {
    await using holder = await Holdfast.connect({ endpoints: [platform.endpoint()] });
    await using other = await Holdfast.connect({ endpoints: [platform.endpoint("eu-west-1")] });
    const lock = await holder.acquire("c", { scope: "global", ttl: "5s" });
    const { holders } = await other.forceRelease("c", { scope: "global", reason: "test" });
    expect(holders).toMatchObject([{ token: lock.token }]);
    await expect.poll(() => lock.lost?.why, { timeout: 10_000 }).toBe("force-released");
    await using next = await other.acquire("c", { scope: "global", ttl: "5s" });
    expect(next.token).toBeGreaterThan(lock.token);
  });

  it("outlive the region that their holder talks to, and new ones are granted", async () => {
    const endpoints = regions.map((region) => platform.endpoint(region));
    await using holdfast = await Holdfast.connect({ endpoints });
    const lock = await holdfast.acquire("d", { scope: "global", ttl: "6s" });
    const states: string[] = [];
    lock.onStateChange(({ state }) => states.push(state));
    const thaw = freeze(holdfast.region);
    try {
      const frozenMs = performance.now();
      await using other = await holdfast.acquire("e", { scope: "global", ttl: "6s", wait: "20s" });
      expect(other.state).toBe("held");
      const all = { endpoints: platform.endpoints };
      const tier = async () => (await cli.json("region ls", 0, all)).global;
      await expect.poll(tier, { timeout: 20_000 }).toMatchObject({ voting: 2, works: true });
      // Longer than anything confirmed before the region was lost.
      await expect
        .poll(() => performance.now() - frozenMs, { timeout: 30_000 })
        .toBeGreaterThan(12_000);
      expect(states).not.toContain("lost");
      expect(lock.validForMs).toBeGreaterThan(0);
      expect(await lock.release()).toBe("released");
    } finally {
      thaw();
    }
  }, 60_000);

  it("cannot be had with one region of three, and say so with 69 while local ones can", async () => {
    const thawing = [freeze("us-east-1"), freeze("us-west-2")];
    try {
      const alone = through("eu-west-1");
      const tier = async () => (await cli.json("region ls", 0, alone)).global;
      await expect.poll(tier, { timeout: 20_000 }).toMatchObject({ voting: 1, works: false });
      await cli.json("try f --region eu-west-1", 0, alone);
      const refused = await cli.json("try f --global", 69, alone);
      expect(refused.error.code).toBe("NO_QUORUM");
    } finally {
      for (const thaw of thawing) thaw();
    }
  }, 60_000);

  it("are found well by the doctor", async () => {
    const findings = async () => {
      const { findings } = await cli.json("doctor", 0, { endpoints: platform.endpoints });
      const told = findings.map(({ level, about }: { level: string; about: string }) => [
        about,
        level,
      ]);
      return new Map<string, string>(told);
    };
    // The regions that were frozen have to be met again first.
    await expect
      .poll(async () => (await findings()).get("global tier"), { timeout: 40_000 })
      .toBe("ok");
    expect((await findings()).get("lock global")).toBe("ok");
  }, 60_000);
});
