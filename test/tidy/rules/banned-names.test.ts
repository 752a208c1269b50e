import { describe, expect, it } from "vitest";
import { bans } from "../bans.ts";
import { found } from "../planted.ts";
import { repositoryOf } from "../repository.ts";
import { bannedNames } from "./banned-names.ts";

const everyName = bans.flatMap(({ names, wayOut }) => names.map((name) => ({ name, wayOut })));

/** A line of code that uses a banned name. */
function useOf(name: string): string {
  const [module = "", imported] = name.split("#");
  if (imported !== undefined) return `import { ${imported} } from "${module}";`;
  if (name.startsWith("node:")) return `import * as bound from "${name}";`;
  return name === "new Date()" ? `const now = ${name};` : `${name}("x", () => {});`;
}

describe("banned names", () => {
  it.each(everyName)("finds $name and prints the replacement", ({ name, wayOut }) => {
    const texts = { "libs/engine/src/a.ts": `const a = 1;\n${useOf(name)}\n` };
    const violations = bannedNames.check(repositoryOf(texts));
    expect(violations).toContainEqual(
      expect.objectContaining({ path: "libs/engine/src/a.ts", line: 2, wayOut }),
    );
  });

  it("sees a name that is handed on instead of called", () => {
    const planted = {
      "libs/engine/src/a.ts": [
        "export const timers = { start: setTimeout };",
        "export const now = globalThis.Date.now;",
        "export type Handle = ReturnType<typeof setInterval>;",
      ].join("\n"),
    };
    expect(found(bannedNames, planted)).toHaveLength(3);
  });

  it("finds focused and skipped tests in any chain", () => {
    const planted = {
      "libs/core/src/a.test.ts":
        'it.only.each([1])("x", () => {});\ndescribe.skip("y", () => {});\n',
    };
    expect(found(bannedNames, planted)).toHaveLength(2);
  });

  it("lets names be mere labels, text or comments", () => {
    const planted = {
      "libs/engine/src/a.ts": [
        "// Date.now() and setTimeout() are banned",
        'export const text = "Math.random()";',
        "export interface Host { setTimeout(delayMs: number): void }",
        "export const port = (host: Host) => host.setTimeout(1);",
        "export const dated = new Date(0);",
        "export const own = { setInterval: 1 };",
      ].join("\n"),
    };
    expect(found(bannedNames, planted)).toEqual([]);
  });

  it.each([
    ["libs/base/src/clock.ts", "setTimeout(() => Date.now(), 1);"],
    ["libs/adapters/etcd/src/a.ts", "setTimeout(() => performance.now(), 1);"],
    ["libs/cli/src/output.ts", "console.log(process.env);"],
    ["services/router/src/main.ts", "process.exit(78);"],
    ["libs/api/src/generated/a.ts", "setTimeout(() => {}, 1);"],
  ])("allows it in %s", (path, text) => {
    expect(found(bannedNames, { [path]: text })).toEqual([]);
  });
});
