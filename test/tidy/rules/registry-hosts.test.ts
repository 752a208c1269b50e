import { expect, it } from "vitest";
import { found } from "../planted.ts";
import { registryHosts } from "./registry-hosts.ts";

/** Joined here, so that this file does not report itself. */
const dotted = (...parts: string[]): string => parts.join(".");

it.each([
  ["package-lock.json", `"resolved": "${"https"}://${dotted("packages", "example", "org")}/a.tgz"`],
  ["docs/a.md", `npm install from ${dotted("registry", "npmjs", "org")}`],
  [".npmrc", `${"registry"}=https://example.org/npm/`],
  [".npmrc", `@team:${"registry"}=https://example.org/npm/`],
  ["infra/a.sh", `${"GOPROXY"}=https://example.org`],
  ["infra/b.sh", `curl https://${dotted("repo1", "maven", "org")}/maven2`],
  ["infra/c.sh", `pip install -i https://${dotted("artifactory", "example", "org")}/pypi`],
])("refuses a download address in %s", (path, text) => {
  expect(found(registryHosts, { [path]: `x\n${text}\n` })).toEqual([
    expect.stringContaining(`${path}:2`),
  ]);
});

it("lets a lock file without addresses and a web page of a package be", () => {
  const planted = {
    "package-lock.json": '"node_modules/a": { "version": "1.0.0", "integrity": "sha512-x" }',
    "docs/a.md": "https://www.npmjs.com/package/etcd3 says what the registry serves",
    ".npmrc": "omit-lockfile-registry-resolved=true",
  };
  expect(found(registryHosts, planted)).toEqual([]);
});
