import { expect, test } from "vitest";
import { type Duration, durationMs } from "./duration.ts";
import { HoldfastError } from "./holdfast-error.ts";
import { codeOf, rigOf } from "./testing/rig.ts";

const bounds = { min: 0, max: 3_600_000 };

test.each<[Duration, number]>([
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["1h", 3_600_000],
  [" 10s ", 10_000],
  [250, 250],
  [0, 0],
])("%j is %d ms", (duration, ms) => {
  expect(durationMs(duration, "wait", bounds)).toBe(ms);
});

test.each<unknown>([
  "",
  "5",
  "five seconds",
  "-5s",
  "5 s",
  "1d",
  "61m",
  -1,
  Number.NaN,
  1e9,
  null,
  {},
])("%j is no duration, and the error names the argument", (duration) => {
  const wrong = () => durationMs(duration as Duration, "wait", bounds);
  expect(wrong).toThrow(HoldfastError);
  expect(wrong).toThrow(/^wait is /);
});

test.each([
  ["a name with a blank", "two words", {}],
  ["an empty name", "", {}],
  ["a name of 257 bytes", "n".repeat(257), {}],
  ["a name with ..", "a/../b", {}],
  ["a namespace in capitals", "order", { namespace: "Upper" }],
  ["a region with a slash", "order", { region: "us/east" }],
  ["a ttl below 2 s", "order", { ttl: "1999ms" }],
  ["a ttl above 1 h", "order", { ttl: 3_600_001 }],
  ["a wait above 1 h", "order", { wait: 3_600_001 }],
  ["a global ttl below 5 s", "order", { scope: "global", ttl: "4s" }],
  ["an unknown mode", "order", { mode: "both" }],
  ["an unknown scope", "order", { scope: "planet" }],
  ["metadata of 4,097 bytes", "order", { metadata: { k: "v".repeat(4_096) } }],
  ["metadata that is no text", "order", { metadata: { k: 1 } }],
])("%s is refused before anything is sent", async (_what, name, options) => {
  const rig = await rigOf();
  expect(await codeOf(rig.client.acquire(name, options as never))).toBe("INVALID_ARGUMENT");
  expect(rig.net.sent).toEqual([]);
});

test.each([
  ["a ttl of 2 s", { ttl: "2s" }],
  ["a ttl of 1 h", { ttl: "1h" }],
  ["a wait of 1 h", { wait: "1h" }],
  ["metadata of 4,096 bytes", { metadata: { k: "v".repeat(4_095) } }],
])("%s is taken", async (_what, options) => {
  const rig = await rigOf();
  void rig.client.acquire("n".repeat(256), options).catch(() => {});
  await rig.clock.advance(0);
  expect(rig.net.all("acquire").length).toBe(1);
});

test.each([
  ["a namespace that is none", { namespace: "A B" }],
  ["a region that is none", { region: "" }],
  ["an owner of 257 bytes", { owner: "o".repeat(257) }],
  ["a ttl that is none", { ttl: "soon" }],
  ["a timeout of nothing", { requestTimeout: 0 }],
])("a client with %s is refused", async (_what, options) => {
  const connecting = rigOf(options);
  expect(await codeOf(connecting)).toBe("INVALID_ARGUMENT");
});

test("anything thrown becomes an error of the one class, with its cause", () => {
  const own = new HoldfastError("HELD", "taken");
  expect(HoldfastError.from(own)).toBe(own);
  const abort = new DOMException("stop", "AbortError");
  expect(HoldfastError.from(abort)).toMatchObject({ code: "CANCELLED", retryable: false });
  const failure = { kind: "failure", code: "NO_QUORUM", message: "two regions", regions: ["a"] };
  const error = HoldfastError.from(failure);
  expect([error.code, error.retryable, error.details.regions]).toEqual(["NO_QUORUM", true, ["a"]]);
  const odd = new RangeError("odd");
  expect(HoldfastError.from(odd)).toMatchObject({ code: "UNKNOWN_OUTCOME", cause: odd });
  expect(HoldfastError.from("text").message).toContain("text");
});
