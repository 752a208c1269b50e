import { expect, test } from "vitest";
import { linesKey, manifestKeyFor } from "./archive-keys.ts";

const name = {
  day: "2026-11-22",
  cluster: "prod/us-east-1/s0",
  part: 3,
  sha256: new Uint8Array(32).fill(0xab),
};

test("an object is found by its name for ever: by day, cluster and part", () => {
  const key = linesKey(name);
  expect(key).toBe(
    "lines/day=2026-11-22/cluster=prod_2Fus-east-1_2Fs0/part-000003-abababababababab.ndjson.gz",
  );
  expect(manifestKeyFor(key)).toBe(
    "manifests/day=2026-11-22/cluster=prod_2Fus-east-1_2Fs0/part-000003-abababababababab.json",
  );
  expect(manifestKeyFor("somewhere/else")).toBeUndefined();
});

test("clusters never share a folder, nor leave theirs", () => {
  const clusters = ["a/b", "a_2Fb", "a_b", "..", "a b", "\u{1f512}", "\u00e9", "e\u0301"];
  const keys = clusters.map((cluster) => linesKey({ ...name, cluster }));
  expect(new Set(keys).size).toBe(clusters.length);
  for (const key of keys) expect(key).toMatch(/^lines\/day=[\d-]+\/cluster=[A-Za-z0-9._-]+\/part-/);
});
