import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { leaseOrder } from "./lease-order.ts";

function twoLeases(): HandmadeHistory {
  const history = new HandmadeHistory().at(0).lease(1n, "granted", 11_000);
  return history.grant("a/1", { lease: 1n }).at(5_000).lease(2n, "granted", 11_000);
}

test("a renewal onto a newer lease is in order", () => {
  const history = twoLeases().at(5_100).grant("a/1", { lease: 2n });
  expect(history.found(leaseOrder)).toEqual([]);
});

test("a lease of another router that still has the whole ttl left is as good", () => {
  const history = twoLeases().at(5_000).grant("a/1", { lease: 2n });
  history.at(5_000).lease(3n, "granted", 10_990).grant("a/1", { lease: 3n, ttlMs: 10_000 });
  expect(history.found(leaseOrder)).toEqual([]);
});

test("a renewal put back on an older lease is found", () => {
  const history = twoLeases().at(5_100).grant("a/1", { lease: 2n });
  history.at(6_000).grant("a/1", { lease: 1n });
  expect(history.found(leaseOrder)).toEqual([
    "a/1 was put on a lease that ends 5000 ms before the one it had",
  ]);
});

test("what a new grant of the same request hangs on is no renewal", () => {
  const history = twoLeases().at(5_100).grant("a/1", { lease: 2n }).end("a/1");
  history.at(6_000).grant("a/1", { lease: 1n });
  expect(history.found(leaseOrder)).toEqual([]);
});
