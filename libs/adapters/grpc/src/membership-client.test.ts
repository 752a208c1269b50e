import { Server, ServerCredentials } from "@grpc/grpc-js";
import { SystemClock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { RegionClaims } from "@holdfast/core/quorum/claim";
import type { Members } from "@holdfast/core/quorum/members";
import type {
  MembershipPeer,
  Readmission,
  RegistersPage,
  RegistersQuery,
} from "@holdfast/engine/ports/membership-peer";
import { expect, onTestFinished, test } from "vitest";
import { MembershipClient, type MembershipClientOptions } from "./membership-client.ts";
import { serveMembership } from "./membership-server.ts";

const record: Members = {
  generation: 3,
  shards: {
    "there/s0": { incarnation: "a", isJoining: false },
    "there/s1": { incarnation: "b", isJoining: true },
  },
};
const claims: RegionClaims = {
  kind: "claims",
  region: "there",
  shards: [
    {
      name: "s0",
      incarnation: "a",
      generation: 3,
      members: record,
      isBlank: false,
      isHalfTrusted: true,
      problem: "",
    },
    {
      name: "s1",
      incarnation: "",
      generation: 0,
      isBlank: false,
      isHalfTrusted: false,
      problem: "it is away",
    },
  ],
};
const page: RegistersPage = {
  kind: "registers",
  copies: [
    { slot: 7, namespace: "default", name: "a/b", promised: Buffer.alloc(16, 1) },
    {
      slot: 4_095,
      namespace: "default",
      name: "c",
      promised: Buffer.alloc(16, 2),
      accepted: Buffer.from("a ballot and a value that is opaque"),
    },
  ],
  next: "0 g/fff",
};
const readmission: Readmission = {
  kind: "readmission",
  region: "there",
  state: "copying",
  generation: 4,
  shards: ["s1"],
  copied: 12,
  problem: "",
};

/** Notes what it is asked, and answers with what it was given. */
class FakeMembership implements MembershipPeer {
  readonly region = "there";
  readonly asked: unknown[] = [];
  page: Awaited<ReturnType<MembershipPeer["readRegisters"]>> = page;

  async describe() {
    return claims;
  }

  async raise(asked: Members) {
    this.asked.push(asked);
    return claims;
  }

  async readRegisters(query: RegistersQuery) {
    this.asked.push(query);
    return this.page;
  }

  async readmit() {
    return readmission;
  }
}

async function pair(options: Partial<MembershipClientOptions> = {}) {
  const membership = new FakeMembership();
  const server = new Server();
  const clock = new SystemClock();
  serveMembership(server, { membership, cluster: "test", askers: ["here"], clock });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  const client = new MembershipClient({
    region: "there",
    addresses: [`127.0.0.1:${port}`],
    cluster: "test",
    from: "here",
    ...options,
  });
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
  });
  return { membership, client };
}

test("everything that regions ask about who belongs is carried both ways", async () => {
  const { membership, client } = await pair();
  expect(await client.describe(1_000)).toEqual(claims);
  expect(await client.raise(record, 1_000)).toEqual(claims);
  const query = { generation: 3, firstSlot: 0, lastSlot: 4_095, after: "0 g/000" };
  expect(await client.readRegisters(query, 1_000)).toEqual(page);
  expect(await client.readmit(1_000)).toEqual(readmission);
  expect(membership.asked).toMatchObject([record, query]);
});

test("a page at another generation, and a failure, are told as they are", async () => {
  const { membership, client } = await pair();
  const query = { generation: 3, firstSlot: 0, lastSlot: 1, after: "" };
  membership.page = { kind: "other-generation", generation: 4 };
  expect(await client.readRegisters(query, 1_000)).toEqual(membership.page);
  membership.page = failure("SHARD_UNAVAILABLE", "away", { shard: "there/s0" });
  expect(await client.readRegisters(query, 1_000)).toEqual(membership.page);
});

test.each([
  ["for another region", { region: "nowhere" }],
  ["of another installation", { cluster: "other" }],
  ["of a region that is not known", { from: "mars" }],
])("a question %s is refused", async (_, options) => {
  const { client } = await pair(options);
  expect(await client.describe(1_000)).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining("check HOLDFAST_PEERS"),
  });
});

test("slots that do not exist are refused", async () => {
  const { client } = await pair();
  const query = { generation: 3, firstSlot: 0, lastSlot: 4_096, after: "" };
  expect(await client.readRegisters(query, 1_000)).toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a region without an answer is a failure within the time given", async () => {
  const { client } = await pair({ addresses: ["127.0.0.1:1", "127.0.0.1:1"] });
  expect(await client.describe(500)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
});
