import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientVersion } from "./client-version.ts";

test("the version routers are told is the package's own", () => {
  const manifest = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  expect(JSON.parse(manifest).version).toBe(clientVersion);
});
