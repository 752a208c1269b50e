import { describe, expect, test } from "vitest";
import {
  compareVersions,
  formatVersion,
  isAtLeast,
  parseVersion,
  type Version,
} from "./version.ts";

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} has no version`);
  return parsed;
}

describe("reading a version", () => {
  test.each([
    ["etcd Version: 3.6.16\nGit SHA: 3cd8f2b\nGo Version: go1.26.8", "3.6.16"],
    ["etcdctl version: 3.6.16\nAPI version: 3.6", "3.6.16"],
    ["Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0", "7.0.15"],
    ["postgres (PostgreSQL) 15.18", "15.18"],
    ["v3.6.0-rc.5", "3.6.0-rc.5"],
    ["4.3.1 (Commit:0d3d1b5a14c2b4d8)", "4.3.1"],
    ["Version  : v1.8.0\nBuild    : norev\nBuildTime: none", "1.8.0"],
  ])("%j says %s", (text, expected) => {
    expect(formatVersion(version(text))).toBe(expected);
  });

  test("a text without a version has none", () => {
    expect(parseVersion("command not found")).toBeUndefined();
    expect(isAtLeast(undefined, "3.6.14")).toBe(false);
  });
});

describe("order", () => {
  test("numbers are compared as numbers, from the left", () => {
    const sorted = ["3.6.16", "3.10.0", "3.6.9", "4.0"].map(version).sort(compareVersions);
    expect(sorted.map(formatVersion)).toEqual(["3.6.9", "3.6.16", "3.10.0", "4.0"]);
  });

  test("missing numbers are zeros", () => {
    expect(compareVersions(version("15.0"), version("15.0.0"))).toBe(0);
  });

  test("a pre-release comes before its release", () => {
    expect(isAtLeast(version("3.6.14-rc.0"), "3.6.14")).toBe(false);
    expect(isAtLeast(version("3.6.14"), "3.6.14-rc.0")).toBe(true);
    expect(compareVersions(version("3.6.0-alpha"), version("3.6.0-beta"))).toBeLessThan(0);
  });

  test.each([
    ["3.4.23", false],
    ["3.6.13", false],
    ["3.6.14", true],
    ["3.6.16", true],
    ["3.7.0", true],
  ])("etcd %s is new enough: %s", (text, expected) => {
    expect(isAtLeast(version(text), "3.6.14")).toBe(expected);
  });
});
