import { describe, expect, test } from "vitest";
import { FakeClient, tenant } from "../testing/fake-client.ts";
import { runIn } from "../testing/fake-edge.ts";

function lines(...all: string[]): string {
  return `${all.join("\n")}\n`;
}

function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

const busy = () => {
  const client = new FakeClient();
  client.holders.set("order:1", [tenant({ metadata: { by: "alice", why: "refund" } })]);
  client.waiters = [tenant({ owner: "bob@host", token: 0n, ageMs: 3_400, hasSession: true })];
  return client;
};

describe("get", () => {
  test("a free lock is no error", async () => {
    const { exitCode, stdout } = await runIn({}, ["get", "order:1"]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      lines(
        "lock       order:1",
        "region     us-east-1",
        "namespace  default",
        "shard      s0 (slot 42)",
        "state      free",
        "waiting    0",
      ),
    );
  });

  test("holders and waiters line up", async () => {
    const { stdout } = await runIn({ client: busy() }, ["get", "order:1"]);
    expect(stdout.split("\n\n")[1]).toBe(
      lines(
        "WHO      OWNER       MODE                TOKEN   FOR  TTL  METADATA",
        "holds    alice@host  exclusive  17592186044417   12s  30s  by=alice why=refund",
        "waits 1  bob@host    exclusive               -  3.4s  30s",
      ),
    );
  });

  test("JSON has everything, tokens as strings, none for a waiter", async () => {
    const { stdout } = await runIn({ client: busy() }, ["get", "order:1", "--output=json"]);
    const lock = JSON.parse(stdout);
    expect(lock).toMatchObject({ lock: "order:1", state: "exclusive", shard: "s0", slot: 42 });
    expect(lock.holders[0].token).toBe("17592186044417");
    expect(lock.waiters[0]).not.toHaveProperty("token");
  });

  test.each([80, 120])("a long name and metadata do not wrap at %i columns", async (terminal) => {
    const client = new FakeClient();
    const metadata = { note: "x".repeat(300) };
    client.holders.set("a", [tenant({ owner: "o".repeat(200), metadata })]);
    const { stdout } = await runIn({ client, terminal, env: { NO_COLOR: "1" } }, ["get", "a"]);
    expect(widest(stdout)).toBe(terminal);
    const piped = await runIn({ client }, ["get", "a"]);
    expect(piped.stdout).toContain("x".repeat(300));
  });

  test("a cached answer is asked for by name, and says how old it is", async () => {
    const { client, stdout } = await runIn({}, ["get", "a", "--consistency", "cached"]);
    expect(client.calls[0]).toBe("get a cached");
    expect(stdout).toContain("read       1.2s ago (cached)\n");
    const json = await runIn({}, ["get", "a", "--consistency", "cached", "-o", "json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ lock: "a", ageMs: 1_200 });
    const plain = await runIn({}, ["get", "a", "-o", "json"]);
    expect(plain.client.calls[0]).toBe("get a");
    expect(JSON.parse(plain.stdout)).not.toHaveProperty("ageMs");
    const wrong = await runIn({}, ["get", "a", "--consistency", "eventual"]);
    expect(wrong.exitCode).toBe(64);
    expect(wrong.stderr).toContain("Allowed choices are linearizable, cached.");
  });

  test("control characters of others do not reach the terminal", async () => {
    const client = new FakeClient();
    client.holders.set("a", [tenant({ owner: "\u001b[2Jeve\nroot", metadata: { "\u202e": "" } })]);
    const { stdout } = await runIn({ client }, ["get", "a"]);
    expect(stdout).toContain("\\u{1b}[2Jeve\\u{a}root");
    expect(stdout).toContain("\\u{202e}=");
  });
});

describe("ls", () => {
  const many = () => {
    const client = new FakeClient();
    for (let index = 0; index < 1_500; index++) client.holders.set(`order:${index}`, [tenant()]);
    return client;
  };

  test("it reads page after page up to the limit, and says that there is more", async () => {
    const client = many();
    const { stdout, stderr } = await runIn({ client }, ["ls", "order:", "--limit", "1200"]);
    expect(stdout.split("\n")).toHaveLength(1_202);
    expect(stdout).toMatch(/^LOCK +MODE +OWNER +TOKEN +FOR +TTL +METADATA\norder:0 /);
    expect(stderr).toBe("There are more; show them with --limit.\n");
    expect(client.calls[0]).toBe("list order: 1000");
  });

  test("JSON says whether there is more", async () => {
    const { stdout } = await runIn({ client: many() }, ["ls", "order:*", "-o", "json"]);
    const listed = JSON.parse(stdout);
    expect(listed).toMatchObject({ region: "us-east-1", namespace: "default", more: true });
    expect(listed.locks).toHaveLength(1_000);
    expect(listed.locks[0]).toMatchObject({ lock: "order:0", token: "17592186044417" });
  });

  test("an empty region is said on stderr, so that a pipe stays empty", async () => {
    const cached = await runIn({}, ["ls", "--consistency", "cached"]);
    expect(cached.client.calls[0]).toBe("list  1000 cached");
    const { stdout, stderr, exitCode } = await runIn({}, ["ls"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 0 });
    expect(stderr).toBe("No locks are held in us-east-1, namespace default.\n");
    const missed = await runIn({ client: new FakeClient() }, ["ls", "zzz*"]);
    expect(missed.stderr).toBe(
      "No locks that begin with zzz are held in us-east-1, namespace default.\n",
    );
  });
});

describe("watch", () => {
  const watched = () => {
    const client = new FakeClient();
    const base = { region: "us-east-1", namespace: "default", name: "order:1", shard: "s0" };
    client.events = [
      { ...base, kind: "LockAcquired", tenant: tenant(), revision: 7n },
      { kind: "WatchRestarted", region: "us-east-1", why: "a shard was out of reach" },
      { ...base, kind: "LockEnded", tenant: tenant({ owner: "" }), revision: 9n },
    ];
    return client;
  };

  test("one line an event, until Ctrl-C, which is no failure", async () => {
    const client = watched();
    const onStdout = (text: string, world: { raise(signal: NodeJS.Signals): boolean }) => {
      if (text.includes("LockEnded")) world.raise("SIGINT");
    };
    const { exitCode, stdout } = await runIn({ client, onStdout }, ["watch", "order:*"]);
    expect(exitCode).toBe(0);
    expect(stdout.replace(/^\d\d:\d\d:\d\d\.\d{3}/gm, "TIME")).toBe(
      lines(
        "TIME  LockAcquired    order:1  exclusive  grant=AAAAAA…  token=17592186044417  alice@host",
        "TIME  WatchRestarted  a shard was out of reach",
        "TIME  LockEnded       order:1  exclusive  grant=AAAAAA…  token=17592186044417",
      ),
    );
    expect(client.calls).toEqual(["watch order: true true", "close"]);
  });

  test("JSON is a line an event", async () => {
    const client = watched();
    const onStdout = (text: string, world: { raise(signal: NodeJS.Signals): boolean }) => {
      if (text.includes("LockEnded")) world.raise("SIGTERM");
    };
    const argv = ["watch", "order:1", "--no-current", "-o", "json"];
    const { stdout } = await runIn({ client, onStdout }, argv);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ kind, revision }) => [kind, revision])).toEqual([
      ["LockAcquired", "7"],
      ["WatchRestarted", undefined],
      ["LockEnded", "9"],
    ]);
    expect(events[0].tenant.token).toBe("17592186044417");
    expect(client.calls[0]).toBe("watch order:1 false false");
  });

  test("it ends quietly when nobody reads any more", async () => {
    const ended = await runIn({ client: watched(), readerLeavesAfter: 1 }, ["watch", "*"]);
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("a prefix in the middle is a bad name", async () => {
    expect((await runIn({}, ["watch", "a*b"])).exitCode).toBe(64);
  });
});

describe("sessions, shards and regions", () => {
  test("sessions are masked", async () => {
    const client = new FakeClient();
    client.sessionViews = [
      { maskedId: "abc123…", shard: "s0", remainingMs: 14_000, holderCount: 2, waiterCount: 0 },
    ];
    expect((await runIn({ client }, ["sessions"])).stdout).toBe(
      lines("SESSION  SHARD  ENDS IN  HOLDS  WAITS", "abc123…  s0         14s      2      0"),
    );
  });

  test("shard ls shows each store, and its problems below", async () => {
    const client = new FakeClient();
    const member = { leader: true, version: "3.6.16", databaseBytes: 1, problem: "" };
    const fine = { problem: "", writtenProblem: "" };
    const shard = { epoch: 3, revision: 99n, roundTripMs: 1.24, ...fine };
    client.shardViews = [
      {
        ...shard,
        name: "s0",
        endpoints: ["http://127.0.0.1:23790"],
        reachable: true,
        slotCount: 2040,
        members: [{ ...member, endpoint: "http://127.0.0.1:23790", reachable: true }],
      },
      {
        ...shard,
        name: "s1",
        endpoints: ["http://127.0.0.1:23791"],
        reachable: false,
        slotCount: 2056,
        members: [],
        problem: "connection refused",
      },
    ];
    const { stdout, stderr } = await runIn({ client }, ["shard", "ls"]);
    expect(stdout).toBe(
      lines(
        "SHARD  STATE        ROUND TRIP  EPOCH  SLOTS  SHARE  MEMBERS  STORE",
        "s0     ok                1.2ms      3   2040  49.8%      1/1  http://127.0.0.1:23790",
        "s1     unreachable           -      3   2056  50.2%        -  http://127.0.0.1:23791",
      ),
    );
    expect(stderr).toBe("\ns1: connection refused\n");
  });

  test("shard locate says slot and shard", async () => {
    const { stdout } = await runIn({}, ["shard", "locate", "order:1", "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual({
      region: "us-east-1",
      namespace: "default",
      lock: "order:1",
      slot: 42,
      shard: "s0",
      placementVersion: 3,
    });
  });

  test("region ls asks each endpoint, and adds what only a router knows", async () => {
    const client = new FakeClient();
    const far = { local: false, reachable: true, roundTripMs: 62, problem: "" };
    client.regionViews = [
      { ...far, name: "us-east-1", local: true, endpoints: ["localhost:7420"] },
      { ...far, name: "eu-west-1", endpoints: ["10.0.0.9:7422"] },
    ];
    const world = {
      client,
      connect: async ({ endpoints }: { endpoints: readonly string[] }) => {
        if (endpoints[0] === "localhost:7421") throw new Error("connection refused");
        return client;
      },
    };
    const argv = ["region", "ls", "--endpoints", "localhost:7420,localhost:7421"];
    const { exitCode, stdout, stderr } = await runIn(world, argv);
    expect(exitCode).toBe(0);
    expect(stdout.replace(/\d+\.\dms/, "0.1ms")).toBe(
      lines(
        "REGION     ENDPOINT        STATE        ROUND TRIP  STORE  VERSION  UP FOR",
        "us-east-1  localhost:7420  ok                0.1ms  etcd   1.2.3     1m05s",
        "?          localhost:7421  unreachable           -  -      -             -",
        "eu-west-1  10.0.0.9:7422   ok               62.0ms  -      -             -",
      ),
    );
    expect(stderr).toBe("\nlocalhost:7421: connection refused\neu-west-1: seen by a router only\n");
  });

  test("region ls exits with 69 when nothing answers", async () => {
    const connect = async () => {
      throw new Error("connection refused");
    };
    expect((await runIn({ connect }, ["region", "ls"])).exitCode).toBe(69);
  });
});

describe("global locks", () => {
  const answered = { reachable: true, problem: "", rttMs: 31.25, version: 7, live: [] };
  const globally = () => {
    const client = busy();
    client.votes = [
      { ...answered, region: "us-east-1", ballot: "9.1.3", token: 5n, live: ["G".repeat(22)] },
      { ...answered, region: "us-west-2", ballot: "", version: 0, token: 0n },
      {
        ...answered,
        region: "eu-west-1",
        reachable: false,
        problem: "no answer",
        ballot: "",
        version: 0,
        token: 0n,
      },
    ] as never;
    return client;
  };

  test("get shows what each region says", async () => {
    const { stdout, stderr } = await runIn({ client: globally() }, ["get", "order:1", "--global"]);
    expect(stdout).toContain("region     global\n");
    expect(stdout).toContain("shard      slot 42\n");
    expect(stdout.split("\n\n")[2]).toBe(
      lines(
        "REGION     VOTE      ROUND TRIP  BALLOT  VERSION  TOKEN  ALIVE THERE",
        "us-east-1  answered      31.3ms  9.1.3         7      5  GGGGGG…",
        "us-west-2  answered      31.3ms  -             -      -  -",
        "eu-west-1  silent             -  -             -      -  -",
      ),
    );
    expect(stderr).toBe("\neu-west-1: no answer\n");
  });

  test("get prints the votes as JSON, tokens as strings", async () => {
    const argv = ["get", "order:1", "--global", "-o", "json"];
    const { stdout } = await runIn({ client: globally() }, argv);
    const { votes, region } = JSON.parse(stdout);
    expect(region).toBe("global");
    expect(votes[0]).toEqual({
      region: "us-east-1",
      reachable: true,
      roundTripMs: 31.25,
      ballot: "9.1.3",
      version: 7,
      token: "5",
      live: ["G".repeat(22)],
    });
    expect(votes[2]).toEqual({
      region: "eu-west-1",
      reachable: false,
      live: [],
      problem: "no answer",
    });
  });

  test("ls and watch look at the global ones", async () => {
    const client = new FakeClient();
    const { stderr } = await runIn({ client }, ["ls", "--global"]);
    expect(stderr).toBe("No locks are held in all regions, namespace default.\n");
    const listed = await runIn({ client }, ["ls", "--global", "-o", "json"]);
    expect(JSON.parse(listed.stdout).region).toBe("global");
    const onStderr = await runIn(
      { client, terminal: 80 },
      ["watch", "a", "--global"],
      (running) => {
        setTimeout(() => running.raise("SIGINT"), 20);
      },
    );
    expect(onStderr.stderr).toBe("watching a in all regions; Ctrl-C ends it\n");
    expect(client.calls).toContain("watch a false true global");
  });

  const member = {
    reachable: true,
    roundTripMs: 31,
    problem: "",
    incarnation: "0a1b",
    generation: 4,
    votes: true,
  };
  const region = { endpoints: ["localhost:7420"], reachable: true, roundTripMs: 1, problem: "" };
  const three = (last: Partial<typeof member>) => {
    const client = new FakeClient();
    client.regionViews = [
      { ...region, name: "us-east-1", local: true, global: { ...member, roundTripMs: 0.5 } },
      { ...region, name: "us-west-2", local: false, global: member },
      { ...region, name: "eu-west-1", local: false, global: { ...member, ...last } },
    ];
    return client;
  };

  test("region ls says how each region stands to global locks, and whether they work", async () => {
    const client = three({ reachable: false, votes: false, problem: "no answer.", generation: 0 });
    const { exitCode, stdout, stderr } = await runIn({ client }, ["region", "ls"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n\n").slice(1).join("\n\n")).toBe(
      lines(
        "GLOBAL LOCKS  COORDINATOR  ROUND TRIP  VOTES  GENERATION  INCARNATION",
        "us-east-1     ok                0.5ms  yes             4  0a1b",
        "us-west-2     ok               31.0ms  yes             4  0a1b",
        "eu-west-1     unreachable           -  no              -  0a1b",
        "",
        "2 of 3 regions vote: global locks work",
      ),
    );
    expect(stderr).toBe("eu-west-1 does not answer (no answer)\n");
  });

  test("region ls as JSON says the same", async () => {
    const client = three({ votes: false, problem: "it lost its data" });
    client.regionViews = client.regionViews.map((view) =>
      view.name === "us-west-2" ? { ...view, global: { ...member, reachable: false } } : view,
    );
    const { stdout } = await runIn({ client }, ["region", "ls", "-o", "json"]);
    const { regions, global } = JSON.parse(stdout);
    expect(regions[0].global).toMatchObject({ votes: true, generation: 4, incarnation: "0a1b" });
    expect(global).toEqual({
      regions: 3,
      voting: 1,
      works: false,
      problems: ["us-west-2 does not answer", "eu-west-1 has no vote (it lost its data)"],
    });
  });

  const progress = { registersCopied: 40, step: "copying", done: false, generation: 0 };

  test("region readmit does nothing without --yes", async () => {
    const { exitCode, stderr, client } = await runIn({}, ["region", "readmit", "us-west-2"]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("--yes");
    expect(client.calls).toEqual([]);
  });

  test("region readmit tells how far it is, and how it ended", async () => {
    const client = new FakeClient();
    client.readmission = [
      progress,
      { registersCopied: 90, step: "admitted", done: true, generation: 5 },
    ];
    const argv = ["region", "readmit", "us-west-2", "--yes"];
    const { exitCode, stdout, stderr } = await runIn({ client, terminal: 80 }, argv);
    expect([exitCode, stdout]).toEqual([
      0,
      "us-west-2 votes again: 90 locks copied, generation 5\n",
    ]);
    expect(stderr).toContain("us-west-2: copying, 40 locks copied");
    const json = await runIn({ client }, [...argv, "-o", "json"]);
    expect(JSON.parse(json.stdout)).toEqual({
      readmitted: true,
      region: "us-west-2",
      registersCopied: 90,
      generation: 5,
    });
  });

  test("region readmit that was stopped, or ended early, is no success", async () => {
    const argv = ["region", "readmit", "us-west-2", "--yes"];
    const client = new FakeClient();
    client.readmission = [progress];
    expect((await runIn({ client }, argv)).exitCode).toBe(74);
    client.readmit = async function* () {
      yield progress;
      await new Promise(() => {});
    };
    const stopped = await runIn({ client }, argv, (running) => {
      setTimeout(() => running.raise("SIGINT"), 20);
    });
    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toContain("Stopped after 40 locks");
  });
});
