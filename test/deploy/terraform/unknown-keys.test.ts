import { expect, it } from "vitest";
import { unknownKeys } from "./unknown-keys.ts";

it("a key that the chart does not have is named with its path", () => {
  const known = { etcd: { shards: 2, storage: { size: "1Gi" } } };
  expect(unknownKeys({ etcd: { shards: 3, storage: { class: "gp3" } }, kafka: {} }, known)).toEqual(
    ["etcd.storage.class", "kafka"],
  );
});

it("keys that are names of regions, labels or annotations are free", () => {
  const known = { peers: {}, router: { nodeSelector: {} } };
  const given = { peers: { "us-west-2": {} }, router: { nodeSelector: { pool: "services" } } };
  expect(unknownKeys(given, known)).toEqual([]);
});
