import { isFailure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AcquireRequest, LockServiceService } from "../generated/holdfast/v1/lock_service.ts";
import { SessionServiceService } from "../generated/holdfast/v1/session_service.ts";
import { arbitraryCommand } from "../testing/arbitrary-commands.ts";
import { arbitraryAnswer } from "../testing/arbitrary-outcomes.ts";
import { UnaryCodec, unaryPaths } from "./unary-codec.ts";

const codec = new UnaryCodec();

/** What the smallest acquire there is says. */
const sparse: AcquireRequest = {
  lock: { region: "", namespace: "default", name: "a" },
  scope: 0,
  mode: 0,
  requestId: "7f3c1f6e-8a1d-4c55-9b2e-0d7c1a2b3c4d",
  sessionId: "",
  ttlMs: 5_000,
  waitMs: 0,
  owner: "",
  metadata: {},
  traceparent: "",
  resent: false,
};

test("requests and responses come out as they went in", () => {
  fc.assert(
    fc.property(arbitraryCommand, arbitraryAnswer, (command, { kind, outcome }) => {
      const request = codec.writeRequest(command);
      expect(codec.readRequest(command.kind, request, "elsewhere")).toEqual(command);
      if (isFailure(outcome)) return;
      expect(codec.readResponse(kind, codec.writeResponse(kind, outcome))).toEqual(outcome);
    }),
    { numRuns: 500 },
  );
});

test("a force release of many holders names a hundred of them, and counts all", () => {
  const tenant = {
    grantId: "g".repeat(22) as GrantId,
    mode: "shared",
    owner: "o".repeat(limits.ownerBytesMax),
    metadata: {},
    token: 1n,
    ageMs: 0,
    hasSession: true,
    ttlMs: 15_000,
  } as const;
  const released = Array.from({ length: 5_000 }, () => tenant);
  const bytes = codec.writeResponse("force-release", { kind: "force-released", released });
  const answer = codec.readResponse("force-release", bytes);
  expect(answer).toMatchObject({ releasedCount: 5_000, released: released.slice(0, 100) });
  // As a router passes it on that got it from another region's.
  if (answer === undefined || isFailure(answer)) throw new Error("no answer");
  expect(codec.writeResponse("force-release", answer)).toEqual(bytes);
});

test("every path is one that the proto files declare", () => {
  const services = [...Object.values(LockServiceService), ...Object.values(SessionServiceService)];
  const declared = new Set<string>(services.map(({ path }) => path));
  for (const path of Object.values(unaryPaths)) expect(declared).toContain(path);
});

test.each([
  ["a mode of 3", { mode: 3 }, "mode"],
  ["a scope of 3", { scope: 3 }, "scope"],
  ["a mode below zero", { mode: -1 }, "mode"],
])("%s is refused", (_what, wrong, field) => {
  const bytes = AcquireRequest.encode({ ...sparse, ...(wrong as object) }).finish();
  expect(codec.readRequest("acquire", bytes, "r")).toMatchObject({
    code: "INVALID_ARGUMENT",
    field,
  });
});

test("what an acquire leaves out is local, exclusive, and in the region of the endpoint", () => {
  const bytes = AcquireRequest.encode(sparse).finish();
  expect(codec.readRequest("acquire", bytes, "us-west-2")).toMatchObject({
    lock: { region: "us-west-2" },
    scope: "local",
    mode: "exclusive",
  });
});

test.each([
  ["a global scope and no region", 2, ""],
  ["a global scope and the region global", 2, "global"],
  ["the region global and no scope", 0, "global"],
] as const)("%s ask for a global lock", (_what, scope, region) => {
  const lock = { region, namespace: "default", name: "a" };
  const bytes = AcquireRequest.encode({ ...sparse, lock, scope }).finish();
  expect(codec.readRequest("acquire", bytes, "us-west-2")).toMatchObject({
    lock: { region: "global" },
    scope: "global",
  });
});

test.each([
  ["a global scope in a region", 2, "us-west-2", "lock.region"],
  ["a local scope in the region global", 1, "global", "scope"],
] as const)("%s is refused, for it says two things", (_what, scope, region, field) => {
  const lock = { region, namespace: "default", name: "a" };
  const bytes = AcquireRequest.encode({ ...sparse, lock, scope }).finish();
  expect(codec.readRequest("acquire", bytes, "us-west-2")).toMatchObject({
    code: "INVALID_ARGUMENT",
    field,
  });
});

test("a number too large for any field is refused, not cut to a smaller one", () => {
  // wait_ms (field 7) as 2^32 + 1, which 32 bits would turn into 1.
  const bytes = Buffer.concat([
    codec.writeRequest({
      kind: "acquire",
      lock: { region: "r", namespace: "n", name: "a" },
      scope: "local",
      mode: "exclusive",
      requestId: "7f3c1f6e-8a1d-4c55-9b2e-0d7c1a2b3c4d" as never,
      ttlMs: 5_000,
      waitMs: 0,
      owner: "",
      metadata: {},
    }),
    Buffer.from([0x38, 0x81, 0x80, 0x80, 0x80, 0x10]),
  ]);
  expect(codec.readRequest("acquire", bytes, "r")).toMatchObject({ field: "wait_ms" });
});

test("a request that is not protobuf is refused", () => {
  expect(codec.readRequest("get", Buffer.from([0xff]), "r")).toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  expect(codec.readResponse("get", Buffer.from([0xff]))).toBeUndefined();
});
