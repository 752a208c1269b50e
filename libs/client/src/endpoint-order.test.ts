import { expect, test } from "vitest";
import { EndpointOrder } from "./endpoint-order.ts";

test("the nearest comes first, the unmeasured last and in the order they were given", () => {
  const order = new EndpointOrder(["a", "b", "c", "d"]);
  expect(order.ordered()).toEqual(["a", "b", "c", "d"]);
  order.measured("d", 5);
  order.measured("b", 20);
  expect(order.ordered()).toEqual(["d", "b", "a", "c"]);
});

test("one that failed loses its measure, and the last one that failed is tried last", () => {
  const order = new EndpointOrder(["a", "b", "c"]);
  for (const [endpoint, latencyMs] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ] as const) {
    order.measured(endpoint, latencyMs);
  }
  order.failed("a");
  expect(order.ordered("b")).toEqual(["c", "a", "b"]);
});
