import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { version } from "./version.ts";

test("services say the version that is released", () => {
  const root = join(import.meta.dirname, "../../../package.json");
  expect(version).toBe(JSON.parse(readFileSync(root, "utf8")).version);
});
