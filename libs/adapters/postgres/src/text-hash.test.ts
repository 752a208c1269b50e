import { expect, test } from "vitest";
import { lockHash, textHash } from "./text-hash.ts";

// Rows that are stored have these.
test.each([
  ["", -2_039_914_840_885_289_964n],
  ["here/default/l0", -3_953_741_823_181_711_164n],
  ["łóck 🔒", 679_309_937_710_733_957n],
])("the hash of %j is what it was", (text, hash) => {
  expect(textHash(text)).toBe(hash);
});

test("a lock is looked for by all that its id has", () => {
  const lock = { region: "here", namespace: "default", name: "l0" };
  const others = [{ region: "there" }, { namespace: "other" }, { name: "l1" }];
  const hashes = others.map((other) => lockHash({ ...lock, ...other }));
  expect(new Set([lockHash(lock), ...hashes]).size).toBe(4);
});
