import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConnectOptions, ShardView } from "../connection/client-port.ts";
import { FakeClient } from "../testing/fake-client.ts";
import { runIn, type World } from "../testing/fake-edge.ts";
import { checkNode } from "./check-node.ts";
import type { Finding } from "./finding.ts";

const shard: ShardView = {
  name: "s0",
  endpoints: [],
  reachable: true,
  problem: "",
  roundTripMs: 1.25,
  epoch: 3,
  revision: 9n,
  slotCount: 4096,
  members: [],
  writtenProblem: "",
};
const member = { endpoint: "http://127.0.0.1:1", leader: true, databaseBytes: 1, problem: "" };

let directory = "";
/** Listens, and speaks no gRPC; its date is two minutes ahead. */
const stranger = createServer((_request, response) => {
  response.setHeader("Date", new Date(Date.now() + 120_000).toUTCString());
  response.end("{}");
});
let strangerEndpoint = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-doctor-"));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  strangerEndpoint = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});
afterAll(async () => {
  stranger.close();
  await rm(directory, { recursive: true, force: true });
});

async function doctor(
  world: World,
  ...more: string[]
): Promise<{ exitCode: number; findings: Finding[] }> {
  const { exitCode, stdout } = await runIn(world, ["doctor", "--json", ...more]);
  const { ok, findings } = JSON.parse(stdout);
  expect(ok).toBe(exitCode === 0);
  for (const { level, advice } of findings) {
    expect(advice === undefined).toBe(level === "ok" || level === "skip");
  }
  return { exitCode, findings };
}

function about(findings: readonly Finding[], subject: string): Finding | undefined {
  return findings.find((finding) => finding.about === subject);
}

async function installation(pid: number, version: string | undefined): Promise<string> {
  const root = await mkdtemp(join(directory, "installation-"));
  const data = join(root, ".holdfast");
  await mkdir(data);
  const regions = [{ region: "us-east-1", endpoint: "127.0.0.1:1", shards: [] }];
  const file = { cluster: "c", pid, startedAt: "2026-01-01T00:00:00Z", store: "etcd", regions };
  await writeFile(join(data, "endpoints.json"), JSON.stringify(file));
  if (version !== undefined) await writeFile(join(data, "version.json"), version);
  return root;
}

describe("a healthy installation", () => {
  test("is ok line by line, with the way to a lock and back, and exits with 0", async () => {
    const client = new FakeClient();
    client.shardViews = [
      { ...shard, members: [{ ...member, reachable: true, version: "3.6.16" }] },
    ];
    const world = {
      client,
      workingDirectory: await installation(process.pid, '{"dataVersion":1,"madeBy":"0.1.0"}'),
    };
    const { exitCode, stdout } = await runIn(world, ["doctor"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ok {4}node {2,}v24\.0\.0$/m);
    expect(stdout).toMatch(/^ok {4}port 127\.0\.0\.1:1 +us-east-1, holdfast 1\.2\.3, round trip/m);
    expect(stdout).toMatch(
      /^ok {4}shard us-east-1\/s0 +linearizable read in 1\.3ms, etcd 3\.6\.16/m,
    );
    expect(stdout).toMatch(/^ok {4}lock us-east-1 +taken and given back in/m);
    expect(stdout).toMatch(/^ok {4}data version +format 1, made by holdfast 0\.1\.0$/m);
    expect(stdout).not.toMatch(/^(warn|fail)/m);
    expect([...client.holders.values()].flat()).toEqual([]);
  });
});

describe("the global tier", () => {
  const member = {
    reachable: true,
    roundTripMs: 31,
    problem: "",
    incarnation: "0a1b",
    generation: 4,
    votes: true,
  };
  const silent = { ...member, reachable: false, votes: false, problem: "no answer" };
  const withRegions = (...members: (typeof member)[]) => {
    const client = new FakeClient();
    client.shardViews = [shard];
    client.regionViews = members.map((global, index) => ({
      name: `r${index}`,
      local: index === 0,
      endpoints: [],
      reachable: true,
      roundTripMs: 1,
      problem: "",
      global,
    }));
    return client;
  };

  test("with three votes is ok, and a global lock comes and goes", async () => {
    const client = withRegions(member, member, member);
    const { findings } = await doctor({ client });
    expect(about(findings, "global tier")).toMatchObject({
      level: "ok",
      message: "3 of 3 regions vote: global locks work",
    });
    expect(about(findings, "lock global")?.level).toBe("ok");
    expect(client.calls.filter((call) => call.endsWith("global"))).toEqual([
      expect.stringMatching(/^acquire holdfast-doctor\/\S+ exclusive ttl=5000 wait=0 global$/),
    ]);
  });

  test("with two votes works, and is something to look at", async () => {
    const { exitCode, findings } = await doctor({ client: withRegions(member, silent, member) });
    expect(exitCode).toBe(0);
    expect(about(findings, "global tier")).toMatchObject({
      level: "warn",
      advice: expect.stringContaining("r1 does not answer (no answer)"),
    });
    expect(about(findings, "lock global")?.level).toBe("ok");
  });

  test("with one vote does not work, and nothing is tried", async () => {
    const { exitCode, findings } = await doctor({ client: withRegions(member, silent, silent) });
    expect(exitCode).toBe(1);
    expect(about(findings, "global tier")).toMatchObject({ level: "fail" });
    expect(about(findings, "lock global")).toBeUndefined();
  });

  test("that is not offered is no failure", async () => {
    const { exitCode, findings } = await doctor({ client: withRegions() });
    expect(exitCode).toBe(0);
    expect(about(findings, "global tier")?.level).toBe("skip");
  });
});

describe.concurrent("what is wrong", () => {
  const refused = async () => {
    throw new Error("connection refused");
  };

  test("nothing runs: says so for each port, and how to start", async () => {
    const world = { connect: refused };
    const { exitCode, findings } = await doctor(world, "--endpoints", "127.0.0.1:1");
    expect(exitCode).toBe(1);
    expect(about(findings, "port 127.0.0.1:1")).toEqual({
      level: "fail",
      about: "port 127.0.0.1:1",
      message: "nothing listens",
      advice: "Run npm start, or name the endpoints with --endpoints or HOLDFAST_ENDPOINTS.",
    });
  });

  test("something else has the port", async () => {
    const world = { connect: refused };
    const { findings } = await doctor(world, "--endpoints", strangerEndpoint);
    expect(about(findings, `port ${strangerEndpoint}`)?.message).toContain(
      "something listens, but it does not answer as Holdfast",
    );
  });

  test("the endpoints file was left behind by a process that is gone", async () => {
    const workingDirectory = await installation(2 ** 22 + 1, undefined);
    const { exitCode, findings } = await doctor({ connect: refused, workingDirectory });
    expect(exitCode).toBe(1);
    expect(about(findings, "npm start")?.message).toContain("is stale: process 4194305");
    expect(about(findings, "data version")?.level).toBe("skip");
  });

  test("the data directory is damaged or not ours", async () => {
    const workingDirectory = await installation(process.pid, "{");
    const { findings } = await doctor({ workingDirectory });
    expect(about(findings, "data version")).toMatchObject({ level: "fail" });
    if (process.getuid?.() === 0) return;
    await chmod(join(workingDirectory, ".holdfast"), 0o500);
    const again = await doctor({ workingDirectory });
    expect(about(again.findings, "data directory")).toMatchObject({ level: "fail" });
  });

  test("the endpoints file cannot be read at all", async () => {
    const root = await mkdtemp(join(directory, "damaged-"));
    await mkdir(join(root, ".holdfast"));
    await writeFile(join(root, ".holdfast", "endpoints.json"), "{");
    const { exitCode, findings } = await doctor({ workingDirectory: root });
    expect(exitCode).toBe(1);
    expect(about(findings, "endpoints")?.advice).toContain("npm start");
  });

  test("a store is down, a member is missing, an etcd is too old, a disk fills", async () => {
    const client = new FakeClient();
    const other = { ...member, reachable: true, version: "3.4.23", databaseBytes: 2 ** 31 };
    const gone = { ...member, reachable: false, version: "", problem: "connection refused" };
    client.shardViews = [
      { ...shard, members: [other, gone] },
      { ...shard, name: "s1", reachable: false, problem: "no leader" },
    ];
    const { exitCode, findings } = await doctor({ client });
    expect(exitCode).toBe(1);
    const text = findings.map(({ level, message }) => `${level} ${message}`).join("\n");
    expect(text).toContain("1 of 2 members answer");
    expect(text).toContain("fail the store does not answer: no leader");
    expect(text).toContain("warn etcd 3.4.23 has bugs that can break a lock");
    expect(text).toContain("warn 2.0 GiB on disk");
    expect(text).toContain("warn connection refused");
  });

  test("a store's clock is off", async () => {
    const client = new FakeClient();
    client.shardViews = [{ ...shard, endpoints: [`http://${strangerEndpoint}`] }];
    const { exitCode, findings } = await doctor({ client });
    expect(exitCode).toBe(0);
    expect(about(findings, "clock us-east-1")?.message).toMatch(/^(2m|1m59s|2m01s) ahead of ours$/);
  });

  test("a lock cannot be taken", async () => {
    const client = new FakeClient();
    client.shardViews = [shard];
    client.acquireAnswer = async () => ({ kind: "timeout", holders: [], queueLength: 0 });
    const { exitCode, findings } = await doctor({ client });
    expect(exitCode).toBe(1);
    expect(about(findings, "lock us-east-1")?.message).toBe(
      "a lock could not be taken: it was timeout",
    );
  });

  test("the endpoints belong to two installations, of two versions, one in memory", async () => {
    const one = new FakeClient();
    const two = new FakeClient();
    two.versionView = { ...two.versionView, cluster: "b", version: "2.0.0", store: "memory" };
    const connect = async ({ endpoints }: ConnectOptions) => (endpoints[0] === "a:1" ? one : two);
    const { findings } = await doctor({ connect }, "--endpoints", "a:1,b:1");
    expect(about(findings, "cluster")).toMatchObject({ level: "fail" });
    expect(about(findings, "version")).toMatchObject({ level: "warn" });
    expect(about(findings, "store")).toMatchObject({ level: "warn" });
  });

  test.each([
    ["v18.20.0", "fail"],
    ["v20.0.0", "ok"],
    ["v23.1.0", "warn"],
    ["v24.21.0", "ok"],
    ["nonsense", "fail"],
  ])("Node %s is %s", (version, level) => {
    expect(checkNode(version).level).toBe(level);
  });
});
