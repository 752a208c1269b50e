import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, whyNoEtcd } from "./environment.ts";
import { CommandLine } from "./holdfast.ts";
import { Platform } from "./platform.ts";
import { type Ended, Program, run } from "./program.ts";

const noEtcd = await whyNoEtcd();

/** The commands of README.md's second block, without their remarks. */
function readmeCommands(): string[] {
  const text = readFileSync(join(repository, "README.md"), "utf8");
  const block = /in another terminal:\n\n```\n(.*?)\n```/s.exec(text)?.[1] ?? "";
  return block.split("\n").map((line) => line.split(" #")[0]?.trimEnd() ?? "");
}

describe.skipIf(noEtcd !== undefined)("npm start, then what the README says to type", () => {
  let platform: Platform;
  const commands = readmeCommands();
  beforeAll(async () => {
    platform = await Platform.start();
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  /** As printed, in a shell with the user's own Node. */
  function type(command: string): Promise<Ended> {
    const env = {
      HOLDFAST_ENDPOINTS: platform.endpoints,
      HOLDFAST_REGION: "us-east-1",
      HOLDFAST_AUDIT_ENDPOINT: platform.audit ?? "",
    };
    return run("sh", ["-c", command], { cwd: repository, env });
  }

  it("tells the store in its first line, then regions, shards, endpoints and what to type", () => {
    const { stdout } = platform.program;
    const lines = stdout.slice(stdout.indexOf("Holdfast")).split("\n");
    expect(lines[0]).toMatch(/^Holdfast \d+\.\d+\.\d+ {2}etcd \d+\.\d+\.\d+, /);
    expect(platform.regions.map(({ region }) => region)).toEqual([
      "us-east-1",
      "us-west-2",
      "eu-west-1",
    ]);
    for (const { region, endpoint, shards } of platform.regions) {
      expect(shards.map(({ name }) => name)).toEqual(["s0", "s1"]);
      const row = lines.findIndex((line) => line.includes(region));
      const [s0, s1] = shards.map(({ endpoints }) => new URL(endpoints[0] ?? "").host);
      expect(lines[row]?.split(/\s+/)).toEqual(["", region, endpoint, "s0", s0]);
      expect(lines[row + 1]?.split(/\s+/)).toEqual(["", "s1", s1]);
    }
    expect(stdout).toContain(`export HOLDFAST_ENDPOINTS=${platform.endpoints}\n`);
    const short = lines.filter((line) => !line.includes(platform.dataDir));
    expect(Math.max(...short.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("shows the README's commands", () => {
    expect(commands).toHaveLength(10);
    for (const command of commands) expect(platform.program.stdout).toContain(`  ${command}`);
  });

  it("does what the README promises of each command, in its order", async () => {
    const [acquire = "", attempt = "", ls = "", watch = "", exec = "", ...global] = commands;
    const acquired = await type(acquire);
    expect(acquired, acquired.stderr).toMatchObject({ code: 0 });
    expect(acquired.stdout).toMatch(/^handle +us-east-1\/default\/order:12345#x\./m);

    const busy = await type(attempt);
    expect(busy.code).toBe(75);
    const held = /order:12345 in us-east-1 is busy: held by \S+@\S+\s\(exclusive,\sfor/;
    expect(busy.stderr).toMatch(held);

    const listed = await type(ls);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/^order:12345 +exclusive +\S+@\S+ +\d+ +[\d.]+m?s +30s/m);

    const watching = new Program("sh", ["-c", watch], {
      cwd: repository,
      env: { HOLDFAST_ENDPOINTS: platform.endpoints },
      ownGroup: true,
    });
    await watching.says(/LockAcquired +order:12345/);
    watching.pressCtrlC();
    await watching.ended(10_000);

    const executed = await type(exec);
    expect(executed, executed.stderr).toMatchObject({ code: 0 });

    const [take = "", get = "", regions = "", timeline = "", verify = ""] = global;
    expect((await type(take)).stdout).toMatch(/^handle +global\/default\/leader#x\./m);
    expect((await type(get)).stdout).toContain("us-west-2");
    expect((await type(regions)).stdout).toContain("3 of 3");

    const recorded = async () => (await type(timeline)).stdout;
    await expect.poll(recorded, { timeout: 10_000 }).toMatch(/LockAcquired +\d+ +exclusive/);
    expect((await type(verify)).stdout).toMatch(/us-east-1\/s\d\S* +intact/);
  });

  it("runs the command of exec under the lock, with its token", async () => {
    const script =
      'echo "$HOLDFAST_LOCK $HOLDFAST_TOKEN $HOLDFAST_REGION"; npx holdfast get nightly-report';
    const { stdout, code } = await type(`npx holdfast exec nightly-report -- sh -c '${script}'`);
    expect(code).toBe(0);
    const token = /^nightly-report (\d+) us-east-1$/m.exec(stdout)?.[1];
    expect(stdout).toMatch(new RegExp(`^holds +\\S+ +exclusive +${token} `, "m"));
    const after = await type("npx holdfast get nightly-report");
    expect(after.stdout).toMatch(/^state +free$/m);
  });

  it("is found by itself from below the folder where its data lies", async () => {
    const found = await new CommandLine(platform).json("region ls", 0, {
      endpoints: "",
      cwd: dirname(platform.dataDir),
    });
    expect(JSON.stringify(found)).toContain(platform.endpoint("eu-west-1"));
  });

  it("finds nothing wrong with itself", async () => {
    const { code, stdout } = await new CommandLine(platform).run("doctor");
    expect(code, stdout).toBe(0);
  });

  it("ends everything at Ctrl-C, and says so", async () => {
    expect(platform.living()).toHaveLength(16);
    const ended = await platform.stop();
    expect(ended.stdout).toContain("Stopped. Nothing is left running.");
    expect(platform.living()).toEqual([]);
  });
});

describe.skipIf(noEtcd !== undefined)("npm start after a kill -9", () => {
  it("ends what was left over, and finds the lock that lives still", async () => {
    const first = await Platform.start();
    first.keepData();
    try {
      const handle = await new CommandLine(first).acquire("order:7 --ttl 5m");
      await first.killSupervisor();
      expect(first.living()).toHaveLength(16);
      await using second = await Platform.start("", first.dataDir);
      expect(second.program.stdout).toContain("was killed; 16 processes it had left were stopped.");
      expect(first.living()).toEqual([]);
      console.log(`the second start: ${/Ready in [\d.]+ s/.exec(second.program.stdout)?.[0]}`);
      const cli = new CommandLine(second);
      const busy = await cli.json("try order:7", 75);
      expect(handle).toContain(`.${busy.holders[0].token}.`);
      expect(await cli.json(`release ${handle}`)).toMatchObject({ released: true });
    } finally {
      await first[Symbol.asyncDispose]();
    }
  });
});

describe.skipIf(noEtcd !== undefined)("npm start -- --members 3", () => {
  it("gives a shard three members, and loses no lock with one of them", async () => {
    await using platform = await Platform.start("--members 3 --regions us-east-1 --shards 1");
    expect(platform.processes("etcd us-east-1/s0/")).toHaveLength(3);
    expect(platform.regions[0]?.shards[0]?.endpoints).toHaveLength(3);
    const cli = new CommandLine(platform);
    const handle = await cli.acquire("order:1 --ttl 1m");
    process.kill(platform.processes("etcd us-east-1/s0/m1")[0]?.pid ?? 0, "SIGKILL");
    expect(await cli.json(`renew ${handle} --ttl 1m`)).toMatchObject({ renewed: true });
    expect((await cli.json("get order:1")).holders).toHaveLength(1);
  });
});

describe("npm start -- --store memory", () => {
  it("says in its first line that it is not durable, and gives real locks", async () => {
    await using platform = await Platform.start("--store memory");
    const { stdout } = platform.program;
    const first = stdout.slice(stdout.indexOf("Holdfast")).split("\n")[0];
    expect(first).toContain("MEMORY STORE, NOT DURABLE: locks are forgotten when this stops");
    const cli = new CommandLine(platform);
    const handle = await cli.acquire("order:1 --region eu-west-1");
    expect(handle).toMatch(/^eu-west-1\/default\/order:1#/);
    await cli.json("try order:1 --region eu-west-1", 75);
    const asked = await cli.run("audit timeline order:1", {
      endpoints: "",
      cwd: dirname(platform.dataDir),
    });
    expect(asked).toMatchObject({ code: 69 });
    expect(asked.stderr).toMatch(/No record is known to ask: the memory store of .* has none/);
    expect(await cli.json(`release ${handle}`)).toMatchObject({ released: true });
    await platform.stop();
    expect(platform.living()).toEqual([]);
  });
});
