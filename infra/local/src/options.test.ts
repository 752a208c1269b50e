import { describe, expect, test } from "vitest";
import { type ParsedOptions, parseOptions, type StartOptions } from "./options.ts";

function parse(...argv: string[]): ParsedOptions {
  return parseOptions(argv, "/where/i/am", "/repository/.holdfast");
}

function options(...argv: string[]): StartOptions {
  const parsed = parse(...argv);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

test("nothing asked for leaves everything to the data directory and the defaults", () => {
  expect(options()).toEqual({
    dataDir: "/repository/.holdfast",
    portBase: 7420,
    audit: false,
    tls: false,
    json: false,
  });
});

test("every option is read", () => {
  const argv =
    "--members 3 --store etcd --regions a,b-2 --shards 4 --data-dir d --port-base 0 --audit --tls --json";
  expect(options(...argv.split(" "))).toEqual({
    members: 3,
    store: "etcd",
    regions: ["a", "b-2"],
    shards: 4,
    dataDir: "/where/i/am/d",
    portBase: 0,
    audit: true,
    tls: true,
    json: true,
  });
});

test("an absolute data directory stays what it is", () => {
  expect(options("--data-dir=/data/x").dataDir).toBe("/data/x");
});

test("help wins", () => {
  expect(parse("--help")).toEqual({ kind: "help" });
  expect(parse("-h", "--json")).toEqual({ kind: "help" });
});

describe("wrong usage names the option and what it takes", () => {
  test.each([
    ["--members 2", '--members takes 1 or 3, not "2"'],
    ["--audit --store memory", "--audit needs etcd"],
    ["--store redis", '--store takes etcd or memory, not "redis"'],
    ["--shards 0", "--shards takes a number from 1 to 8"],
    ["--shards 9", "--shards takes a number from 1 to 8"],
    ["--shards two", "--shards takes a number from 1 to 8"],
    ["--port-base 80", "--port-base takes 0 or a number from 1024 to 45000"],
    ["--port-base 45001", "--port-base takes 0 or a number from 1024 to 45000"],
    ["--regions a,a", "--regions names a twice"],
    ["--regions a,", '--regions: "" is no region name'],
    ["--regions a,global", '--regions: "global" means the locks of all regions'],
    ["--regions US", '--regions: "US" is no region name'],
    ["--regions a;b", '--regions: "a;b" is no region name'],
    ["--regions a,b,c,d,e,f,g,h,i", "--regions takes at most 8 names"],
    ["--data-dir=", "--data-dir takes a folder"],
    ["--turbo", "Unknown option '--turbo'"],
    ["extra", "Unexpected argument 'extra'"],
  ])("%s", (argv, message) => {
    const parsed = parse(...argv.split(" "));
    expect(parsed.kind === "wrong" && parsed.message).toContain(message);
  });

  test("limits themselves are fine", () => {
    expect(options("--shards", "1").shards).toBe(1);
    expect(options("--shards", "8").shards).toBe(8);
    expect(options("--port-base", "1024").portBase).toBe(1024);
    expect(options("--port-base", "45000").portBase).toBe(45_000);
    expect(options("--regions", "a".repeat(32)).regions).toHaveLength(1);
  });
});
