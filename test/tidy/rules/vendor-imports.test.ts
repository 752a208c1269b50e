import { describe, expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { vendorImports } from "./vendor-imports.ts";

function importing(vendor: string, path: string): Record<string, string> {
  return {
    "libs/core/package.json": manifest("@holdfast/core"),
    [path]: `import "${vendor}";\n`,
  };
}

describe("vendor imports", () => {
  it.each([
    ["etcd3", "libs/engine/src/a.ts"],
    ["@grpc/grpc-js", "services/router/src/compose.ts"],
    ["ioredis", "libs/adapters/etcd/src/a.ts"],
    ["kafkajs", "services/journal/src/compose.ts"],
    ["pg/lib/x", "libs/engine/src/a.ts"],
    ["zod", "libs/core/src/a.ts"],
    ["hash-ring", "libs/core/src/placement/ring.ts"],
    ["vitest", "libs/core/src/a.ts"],
    ["never-heard-of", "libs/cli/src/a.ts"],
  ])("refuses %s in %s", (vendor, path) => {
    expect(found(vendorImports, importing(vendor, path))).toEqual([
      expect.stringContaining(`${path}:1 imports the vendor package ${vendor.split("/lib")[0]}`),
    ]);
  });

  it.each([
    ["etcd3", "libs/adapters/etcd/src/a.ts"],
    ["@grpc/grpc-js", "libs/client/src/a.ts"],
    ["vitest", "libs/core/src/a.test.ts"],
    ["vitest/config", "vitest.config.ts"],
    ["node:fs", "services/router/src/main.ts"],
  ])("lets %s be used in %s", (vendor, path) => {
    expect(found(vendorImports, importing(vendor, path))).toEqual([]);
  });

  it("refuses the machine's modules in the core", () => {
    expect(found(vendorImports, importing("node:crypto", "libs/core/src/a.ts"))).toEqual([
      "libs/core/src/a.ts:1 the core imports node:crypto",
    ]);
  });
});
