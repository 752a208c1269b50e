import { expect, test } from "vitest";
import { FakeClient } from "../testing/fake-client.ts";
import { runIn } from "../testing/fake-edge.ts";
import type { ConnectOptions } from "./client-port.ts";
import { defaultRegion } from "./default-region.ts";

const regions: Readonly<Record<string, string>> = { "a:1": "us-east-1", "b:1": "eu-west-1" };

/** Endpoints of {@link regions} answer; every other is silent. */
async function connect({ endpoints, region }: ConnectOptions): Promise<FakeClient> {
  const client = new FakeClient();
  client.region = region ?? regions[endpoints[0] ?? ""] ?? "";
  if (client.region === "") throw new Error("connection refused");
  return client;
}

test("the first endpoint's region is meant, however fast the others answer", async () => {
  const argv = ["get", "x", "--endpoints", "a:1,b:1"];
  const { stdout, stderr, connections } = await runIn({ connect }, argv);
  expect(stdout).toContain("us-east-1");
  expect(stderr).toBe("");
  expect(connections.at(-1)).toMatchObject({ endpoints: ["a:1", "b:1"], region: "us-east-1" });
});

test("where the first does not answer the next one's is meant, and that is said", async () => {
  const { stdout, stderr } = await runIn({ connect }, ["get", "x", "--endpoints", "c:1,b:1"]);
  expect(stdout).toContain("eu-west-1");
  expect(stderr).toBe("holdfast: c:1: no answer; using eu-west-1, the region of b:1\n");
});

test("an installation that is known needs no answer: its first region is meant", async () => {
  const content = {
    cluster: "c",
    pid: 1,
    startedAt: "",
    store: "etcd",
    regions: [{ region: "us-east-1", endpoint: "c:1", shards: [] }],
  };
  const discovery = { endpoints: ["c:1"], source: "file", file: { path: "file", content } };
  const edge = { connect, clock: { monotonicMs: () => 0, wallMs: () => 0, schedule: never } };
  expect(await defaultRegion(edge, discovery, async () => {})).toBe("us-east-1");
});

function never(): never {
  throw new Error("nothing is to be asked");
}
