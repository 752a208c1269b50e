import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { version } from "./version.ts";

test("services say the version that is released", () => {
  const root = new URL("../../../package.json", import.meta.url);
  expect(version).toBe(JSON.parse(readFileSync(root, "utf8")).version);
});
