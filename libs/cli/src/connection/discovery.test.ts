import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discoverEndpoints, endpointsFor } from "./discovery.ts";
import { isLoopback, parseEndpoints } from "./endpoint.ts";

const content = {
  cluster: "local",
  pid: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  store: "memory",
  regions: [
    { region: "us-east-1", endpoint: "127.0.0.1:17420", shards: [] },
    { region: "eu-west-1", endpoint: "127.0.0.1:17422", shards: [{ name: "s0", endpoints: [] }] },
  ],
};

let root = "";
let deep = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "holdfast-discovery-"));
  deep = join(root, "project", "src", "deep");
  await mkdir(deep, { recursive: true });
  await mkdir(join(root, "project", ".holdfast"));
  await writeFile(join(root, "project", ".holdfast", "endpoints.json"), JSON.stringify(content));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const nowhere = { env: {}, workingDirectory: "/", installDirectory: "/" };

describe("where the endpoints come from", () => {
  test("--endpoints comes before the environment, the environment before the file", async () => {
    const world = { ...nowhere, workingDirectory: deep, env: { HOLDFAST_ENDPOINTS: "b:2,c:3" } };
    expect(await discoverEndpoints(world, "a:1")).toEqual({
      endpoints: ["a:1"],
      source: "--endpoints",
    });
    expect(await discoverEndpoints(world, undefined)).toEqual({
      endpoints: ["b:2", "c:3"],
      source: "HOLDFAST_ENDPOINTS",
    });
  });

  test("the file of npm start is found from any folder below it", async () => {
    const found = await discoverEndpoints({ ...nowhere, workingDirectory: deep }, undefined);
    expect(found.endpoints).toEqual(["127.0.0.1:17420", "127.0.0.1:17422"]);
    expect(found.source).toBe(join(root, "project", ".holdfast", "endpoints.json"));
    expect(found.file?.content).toEqual(content);
  });

  test("a region whose routers are known is reached by them, any other by all", async () => {
    const found = await discoverEndpoints({ ...nowhere, workingDirectory: deep }, undefined);
    expect(endpointsFor(found, "eu-west-1")).toEqual(["127.0.0.1:17422"]);
    expect(endpointsFor(found, "mars")).toHaveLength(2);
    expect(endpointsFor({ endpoints: ["a:1"], source: "--endpoints" }, "mars")).toEqual(["a:1"]);
  });

  test("else it is found where the command line lies", async () => {
    const world = { ...nowhere, installDirectory: join(root, "project") };
    expect((await discoverEndpoints(world, undefined)).endpoints).toHaveLength(2);
  });

  test("without anything it is the ports of npm start", async () => {
    expect(await discoverEndpoints(nowhere, undefined)).toEqual({
      endpoints: ["localhost:7420", "localhost:7421", "localhost:7422"],
      source: "the default ports",
    });
  });

  test.each([
    ["{", "JSON"],
    ["[]", "it names no regions"],
    ['{"regions":[]}', "it names no regions"],
    ['{"regions":[{"region":"a","endpoint":"x"}]}', "not host:port"],
  ])("a damaged file (%s) is named, with the way out, and exits with 78", async (text, why) => {
    const broken = await mkdtemp(join(root, "broken-"));
    await mkdir(join(broken, ".holdfast"));
    await writeFile(join(broken, ".holdfast", "endpoints.json"), text);
    const search = discoverEndpoints({ ...nowhere, workingDirectory: broken }, undefined);
    await expect(search).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining(why),
      details: { advice: expect.stringContaining("npm start") },
    });
  });
});

describe("endpoints", () => {
  test("blanks and repeats do no harm", () => {
    expect(parseEndpoints(" a:1, a:1 ,[::1]:2,", "--endpoints")).toEqual(["a:1", "[::1]:2"]);
  });

  test.each(["", ",", "a", "a:", "a:0", "a:65536", "http://a:1", "a:1:2", "::1:2", "a b:1"])(
    "%j is refused",
    (text) => {
      expect(() => parseEndpoints(text, "--endpoints")).toThrow("--endpoints");
    },
  );

  test.each([
    ["localhost:1", true],
    ["127.0.0.1:1", true],
    ["127.9.9.9:1", true],
    ["[::1]:1", true],
    ["128.0.0.1:1", false],
    ["localhost.test:1", false],
    ["router:1", false],
  ])("%s is loopback: %s", (endpoint, loopback) => {
    expect(isLoopback(endpoint)).toBe(loopback);
  });
});
