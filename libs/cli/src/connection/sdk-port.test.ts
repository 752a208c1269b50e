import type { Admin } from "@holdfast/client/grpc/admin";
import { HoldfastError } from "@holdfast/client/holdfast-error";
import { FakeHoldfast } from "@holdfast/client/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { parseHandle, printHandle } from "../input/handle.ts";
import type { AcquireRequest, ClientPort } from "./client-port.ts";
import { portOver } from "./sdk-port.ts";

/** What each endpoint says of itself; an endpoint that is not here does not answer. */
const routers: Readonly<Record<string, { region: string; knows: Record<string, string[]> }>> = {
  "a:1": { region: "us-east-1", knows: { "us-east-1": ["a:1"], "eu-west-1": ["x:9", "c:1"] } },
  "b:1": { region: "us-west-2", knows: {} },
  "c:1": { region: "eu-west-1", knows: {} },
};

function adminOf(endpoint = "a:1"): Admin {
  const router = routers[endpoint];
  const answer = async <Answer>(value: Answer): Promise<Answer> => {
    if (router !== undefined) return value;
    throw new HoldfastError("SHARD_UNAVAILABLE", `${endpoint} does not answer.`);
  };
  const member = { endpoint, reachable: true, leader: true, version: "3.6.16", problem: "" };
  const admin = {
    version: () => answer({ region: router?.region ?? "", uptimeMs: 65n, store: "etcd" }),
    regions: () =>
      answer({
        regions: Object.entries(router?.knows ?? {}).map(([name, endpoints]) => ({
          name,
          endpoints,
          rttMs: 62,
        })),
      }),
    shards: () =>
      answer({
        shards: [{ name: endpoint, epoch: 3n, members: [{ ...member, databaseBytes: 7n }] }],
      }),
    sessions: ({ pageToken = "" }) =>
      answer(
        pageToken === ""
          ? { sessions: [{ maskedId: "first" }], nextPageToken: "more" }
          : { sessions: [{ maskedId: "second" }], nextPageToken: "" },
      ),
    locate: (namespace: string, name: string) =>
      answer({
        region: router?.region,
        slot: 1,
        shard: `${namespace}/${name}`,
        placementVersion: 9n,
      }),
  };
  return admin as unknown as Admin;
}

let fake: FakeHoldfast;
let port: ClientPort;

async function connect(
  region: string,
  endpoints: readonly string[] = ["a:1"],
): Promise<ClientPort> {
  const client = await fake.connect({ region, owner: "alice@host" });
  return portOver(Object.assign(client, { admin: adminOf }), endpoints);
}

beforeEach(async () => {
  fake = new FakeHoldfast({ regions: ["us-east-1", "us-west-2", "eu-west-1"] });
  port = await connect("us-east-1");
});

function request(changes: Partial<AcquireRequest> = {}): AcquireRequest {
  return {
    name: "a",
    scope: "local",
    mode: "exclusive",
    ttlMs: 30_000,
    waitMs: 0,
    metadata: {},
    ...changes,
  };
}

describe("locks", () => {
  test("a leased lock is released and renewed by its printed handle, from another client", async () => {
    const outcome = await port.acquireLeased(request({ metadata: { k: "v" } }));
    if (outcome.kind !== "granted") throw new Error(outcome.kind);
    const { grant } = outcome;
    expect(grant).toMatchObject({ region: "us-east-1", namespace: "default", name: "a" });
    expect(grant.validForMs).toBeGreaterThan(29_000);
    const handle = parseHandle(printHandle(outcome.handle));
    const other = await connect("eu-west-1");
    expect((await other.renew(handle, 60_000)).validForMs).toBeGreaterThan(59_000);
    await other.release(handle);
    await expect(other.release(handle)).rejects.toMatchObject({ name: "CliError", exitCode: 70 });
    await expect(other.renew(handle, 60_000)).rejects.toMatchObject({ exitCode: 70 });
  });

  test("a lock that somebody has is a refusal with the holder, not an error", async () => {
    await port.acquireLeased(request());
    expect(await port.acquireHeld(request())).toMatchObject({
      kind: "held",
      holders: [{ owner: "alice@host", hasSession: false, ttlMs: 30_000 }],
      queueLength: 0,
    });
    const waiting = port.acquireHeld(request({ waitMs: 1_000 }));
    await fake.clock.advance(1_500);
    expect(await waiting).toMatchObject({ kind: "timeout", holders: [{ owner: "alice@host" }] });
  });

  test("a wait that its signal ends is a refusal too, and leaves the line", async () => {
    await port.acquireLeased(request());
    const aborter = new AbortController();
    const waiting = port.acquireHeld(request({ waitMs: 60_000, signal: aborter.signal }));
    await fake.clock.advance(100);
    expect((await port.get("a", "local")).waiterCount).toBe(1);
    aborter.abort();
    expect(await waiting).toMatchObject({ kind: "cancelled" });
    await fake.clock.advance(100);
    expect((await port.get("a", "local")).waiterCount).toBe(0);
  });

  test("a lock under the session says when it is lost", async () => {
    const outcome = await port.acquireHeld(request({ ttlMs: 5_000 }));
    if (outcome.kind !== "granted") throw new Error(outcome.kind);
    const { held } = outcome;
    expect(held.lost.aborted).toBe(false);
    fake.cut();
    await fake.clock.advance(5_000);
    expect(held.lost.aborted).toBe(true);
    expect(await held.release()).toBe("not-held");
  });

  test("what the API refuses is an error with the exit code for it", async () => {
    const bad = port.acquireLeased(request({ ttlMs: 1 }));
    await expect(bad).rejects.toMatchObject({ exitCode: 64, details: { field: "ttl" } });
  });

  test("holders are listed and events told with their lock's name", async () => {
    const aborter = new AbortController();
    const events: unknown[] = [];
    const watching = (async () => {
      const query = { name: "o", scope: "local", prefix: true, withCurrent: true } as const;
      for await (const event of port.watch(query, aborter.signal)) events.push(event);
    })();
    await port.acquireLeased(request({ name: "o:1", mode: "shared" }));
    await port.acquireLeased(request({ name: "p:1" }));
    await fake.clock.advance(100);
    aborter.abort();
    await watching;
    expect(events).toMatchObject([
      { kind: "LockAcquired", name: "o:1", region: "us-east-1", tenant: { mode: "shared" } },
    ]);
    const listed = [];
    for await (const { name } of port.list("o", 10, "local", "linearizable")) listed.push(name);
    expect(listed).toEqual(["o:1"]);
  });
});

describe("the administrator's view", () => {
  test("is that of the region meant, through one of the endpoints", async () => {
    const west = await connect("us-west-2", ["a:1", "b:1", "nobody:1"]);
    expect(await west.shards()).toMatchObject([
      { name: "b:1", epoch: 3, members: [{ databaseBytes: 7 }] },
    ]);
    expect(await west.locate("x")).toMatchObject({ shard: "default/x", placementVersion: 9 });
  });

  test("is found through another region's router where it has to be", async () => {
    const europe = await connect("eu-west-1", ["a:1"]);
    expect(await europe.shards()).toMatchObject([{ name: "c:1" }]);
  });

  test("fails with 69 and the regions there are, where the one meant does not answer", async () => {
    const mars = await connect("mars", ["a:1"]);
    await expect(mars.shards()).rejects.toMatchObject({
      exitCode: 69,
      details: { advice: "The regions known here are us-east-1, eu-west-1." },
    });
  });

  test("reads sessions to the last page", async () => {
    const seen = [];
    for await (const { maskedId } of port.sessions(1)) seen.push(maskedId);
    expect(seen).toEqual(["first", "second"]);
  });

  test("turns what the wire counts in 64 bits into numbers", async () => {
    expect(await port.version()).toMatchObject({ uptimeMs: 65, store: "etcd" });
    expect((await port.regions())[0]).toMatchObject({ name: "us-east-1", roundTripMs: 62 });
  });
});
