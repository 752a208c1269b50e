import type { Tracer } from "@holdfast/base/tracer";
import { expect, test } from "vitest";
import { type AcquirePlan, planAcquire } from "./options.ts";
import { traced } from "./traced-acquire.ts";

const defaults = {
  ...{ namespace: "default", region: "us-east-1", owner: "me" },
  ...{ ttlMs: 15_000, requestTimeoutMs: 10_000 },
};
const [above, here] = ["a", "b"].map((id) => `00-${"1".repeat(32)}-${id.repeat(16)}-01`);

function recording(keeps = true) {
  const told: unknown[] = [];
  const tracer: Tracer = {
    keeps: () => keeps,
    span: (name, parent) => {
      told.push([name, parent]);
      return { traceparent: here ?? "", end: (...how) => void told.push(how) };
    },
  };
  return { tracer, told };
}

test("an acquire goes on under the span of its call, which ends as the acquire does", async () => {
  const { tracer, told } = recording();
  const plan = planAcquire(defaults, "a", { traceparent: above ?? "" });
  const sent: AcquirePlan[] = [];
  await traced(tracer, plan, async (traceable) => {
    sent.push(traceable);
    return { kind: "failure", code: "NO_QUORUM", message: "" };
  });
  expect(sent.map(({ order }) => order.traceparent)).toEqual([here]);
  expect(told).toEqual([
    ["holdfast acquire", above],
    ["no_quorum", true],
  ]);
});

test("what a call does runs in the scope of its span, where the tracer has one", async () => {
  const { tracer, told } = recording();
  const within: Tracer["within"] = (span, work) => {
    told.push(span.traceparent);
    return work();
  };
  const plan = planAcquire(defaults, "a", {});
  await traced({ ...tracer, within }, plan, async () => ({ kind: "abandoned" }));
  expect(told).toEqual([["holdfast acquire", undefined], here, ["abandoned"]]);
});

test("an acquire that is not kept goes out as it is", async () => {
  const { tracer, told } = recording(false);
  const plan = planAcquire(defaults, "a", {});
  for (const each of [tracer, undefined]) {
    await traced(each, plan, async (traceable) => {
      expect(traceable).toBe(plan);
      return { kind: "abandoned" };
    });
  }
  expect(told).toEqual([]);
});
