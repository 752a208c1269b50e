import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoEtcd } from "./environment.ts";
import { CommandLine } from "./holdfast.ts";
import { Platform } from "./platform.ts";

const noEtcd = await whyNoEtcd();

describe.skipIf(noEtcd !== undefined)("the command line against a running platform", () => {
  let platform: Platform;
  let cli: CommandLine;
  beforeAll(async () => {
    platform = await Platform.start();
    cli = new CommandLine(platform);
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  /** Waits until so many stand in line for a lock. */
  async function inLine(name: string, count: number): Promise<void> {
    const waiters = async () => (await cli.json(`get ${name}`)).waiterCount;
    await expect.poll(waiters, { timeout: 20_000 }).toBe(count);
  }

  it("renews and releases by handle from the endpoint of another region", async () => {
    const handle = await cli.acquire("order:1 --ttl 20s", { endpoints: platform.endpoint() });
    expect(handle).toMatch(/^us-east-1\//);
    const elsewhere = { endpoints: platform.endpoint("eu-west-1") };
    const renewed = await cli.json(`renew ${handle} --ttl 1m`, 0, elsewhere);
    expect(renewed.validForMs).toBeGreaterThan(30_000);
    const released = await cli.json(`release ${renewed.handle}`, 0, elsewhere);
    expect(released).toMatchObject({ released: true, region: "us-east-1", lock: "order:1" });
    expect(await cli.json("get order:1")).toMatchObject({ state: "free", holderCount: 0 });
    expect((await cli.run(`release ${handle}`, elsewhere)).code).toBe(70);
  });

  it("renews and releases by name and token", async () => {
    await cli.acquire("order:2");
    const { token } = (await cli.json("get order:2")).holders[0];
    const region = "--region us-east-1";
    const wrong = BigInt(token) + 1n;
    expect((await cli.run(`renew order:2 --token ${wrong} ${region}`)).code).toBe(70);
    expect((await cli.run(`renew order:2 --token ${token} ${region} --ttl 1m`)).code).toBe(0);
    expect((await cli.run(`release order:2 --token ${token} ${region}`)).code).toBe(0);
  });

  it("hands over to who waits, with a higher token and not a moment before", async () => {
    const first = await cli.json("acquire order:3 --ttl 1m");
    const waiting = cli.start("acquire order:3 --wait 1m -o json");
    await inLine("order:3", 1);
    expect(waiting.isOver).toBe(false);
    await cli.json(`release ${first.handle}`);
    const { code, stdout, stderr } = await waiting.ended(20_000);
    expect(code, stderr).toBe(0);
    expect(BigInt(JSON.parse(stdout).token)).toBeGreaterThan(BigInt(first.token));
  });

  it("gives up waiting with 75, and leaves the line", async () => {
    await cli.acquire("order:4 --ttl 1m");
    const timedOut = await cli.json("acquire order:4 --wait 500ms", 75);
    expect(timedOut).toMatchObject({ granted: false, outcome: "timeout", lock: "order:4" });
    expect(await cli.json("get order:4")).toMatchObject({ holderCount: 1, waiterCount: 0 });
  });

  it("leaves the line at Ctrl-C, with 130", async () => {
    await cli.acquire("order:5 --ttl 1m");
    const waiting = cli.start("acquire order:5 --wait 1m", { ownGroup: true });
    await inLine("order:5", 1);
    waiting.pressCtrlC();
    expect((await waiting.ended(10_000)).code).toBe(130);
    expect(await cli.json("get order:5")).toMatchObject({ waiterCount: 0 });
  });

  it("lets those in together that all ask to share, and nobody else", async () => {
    const readers = [await cli.acquire("report --shared"), await cli.acquire("report --shared")];
    expect(await cli.json("get report")).toMatchObject({ state: "shared", holderCount: 2 });
    await cli.json("try report", 75);
    for (const handle of readers) await cli.json(`release ${handle}`);
    await cli.json("try report");
    await cli.json("try report --shared", 75);
  });

  it("reaches a lock of another region from any endpoint, another lock than at home", async () => {
    const endpoints = platform.endpoint();
    const abroad = await cli.acquire("order:6 --region eu-west-1", { endpoints });
    expect(abroad).toMatch(/^eu-west-1\//);
    expect(await cli.acquire("order:6", { endpoints })).toMatch(/^us-east-1\//);
    const seen = await cli.json("get order:6", 0, { endpoints: platform.endpoint("eu-west-1") });
    expect(abroad).toContain(`.${seen.holders[0].token}.`);
    const listed = await cli.json("ls --region eu-west-1", 0, { endpoints });
    expect(JSON.stringify(listed)).toContain("order:6");
  });

  it("tells everything as JSON, tokens as text", async () => {
    const granted = await cli.json("acquire order:8 --ttl 1m --metadata by=alice");
    expect(granted).toEqual({
      granted: true,
      handle: expect.stringMatching(/^us-east-1\/default\/order:8#x\./),
      region: "us-east-1",
      namespace: "default",
      lock: "order:8",
      mode: "exclusive",
      grantId: expect.stringMatching(/^[\w-]{22}$/),
      token: expect.stringMatching(/^\d+$/),
      validForMs: expect.any(Number),
    });
    const { token } = granted;
    const busy = await cli.json("try order:8", 75);
    expect(busy).toMatchObject({ granted: false, lock: "order:8", holders: [{ token }] });
    expect(await cli.json("get order:8")).toMatchObject({
      state: "exclusive",
      holders: [{ token, metadata: { by: "alice" } }],
    });
    const { locks } = await cli.json("ls");
    expect(locks).toContainEqual(expect.objectContaining({ lock: "order:8" }));
    for (const look of ["sessions", "shard ls", "region ls"]) {
      expect(await cli.json(look), look).toBeTypeOf("object");
    }
    expect(await cli.json(`release ${granted.handle}`)).toMatchObject({ released: true, token });
    expect(await cli.json("acquire", 64)).toMatchObject({ error: { code: "USAGE" } });
  });

  it("releases what it reads from a pipe", async () => {
    const { stdout } = await cli.run("acquire order:9 -o json");
    const released = await cli.run("release -", { stdin: stdout });
    expect(released.stdout).toMatch(/^released order:9 in us-east-1 \(token \d+\)\n$/);
  });

  it("prints what happens to the locks it watches, until Ctrl-C", async () => {
    const handle = await cli.acquire("shop:1 --ttl 1m");
    const watching = cli.start(["watch", "shop:*", "-o", "json"], { ownGroup: true });
    await watching.says(/LockAcquired/);
    const waiting = cli.start("acquire shop:1 --wait 1m -o json");
    await watching.says(/WaiterQueued/);
    await cli.acquire("other:1");
    await cli.json(`release ${handle}`);
    await cli.json(`release ${JSON.parse((await waiting.ended()).stdout).handle}`);
    await watching.says(/LockEnded.*LockEnded/s);
    watching.pressCtrlC();
    const { code, stdout } = await watching.ended(10_000);
    expect(code).toBe(0);
    const events: { kind: string; lock: string }[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ lock }) => lock))).toEqual(new Set(["shop:1"]));
    // Places and grants are told by two watches of etcd, whose order does not hold between them.
    const ofLock = events.map(({ kind }) => kind).filter((kind) => kind.startsWith("Lock"));
    expect(ofLock.toSorted()).toEqual(["LockAcquired", "LockAcquired", "LockEnded", "LockEnded"]);
    expect(events.filter(({ kind }) => kind === "WaiterLeft")).toHaveLength(1);
  });
});
