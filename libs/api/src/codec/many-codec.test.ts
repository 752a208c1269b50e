import { failure } from "@holdfast/base/failure";
import type { GrantId, RequestId } from "@holdfast/base/ids";
import type { AcquireCommand, ReleaseCommand } from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ReleaseManyRequest,
  ReleaseManyResponse,
  ReleaseRequest,
} from "../generated/holdfast/v1/lock_service.ts";
import { arbitraryAnswer, arbitraryTenant } from "../testing/arbitrary-outcomes.ts";
import {
  readAcquireMany,
  readAcquireManyResults,
  readReleaseMany,
  writeAcquireMany,
  writeManyResults,
} from "./many-codec.ts";
import { UnaryCodec } from "./unary-codec.ts";

const region = "us-east-1";

function acquires(count: number): AcquireCommand[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "acquire",
    lock: { region, namespace: "default", name: `lock/${index}` },
    scope: "local",
    mode: "shared",
    requestId: "7f3c1f6e-8a1d-4c55-9b2e-0d7c1a2b3c4d" as RequestId,
    ttlMs: 5_000,
    waitMs: 0,
    owner: "o",
    metadata: { a: "b" },
  }));
}

const release: ReleaseCommand = {
  kind: "release",
  lock: { region, namespace: "default", name: "a" },
  grantId: "A".repeat(22) as GrantId,
  token: 9n,
  repeated: true,
};

test("a hundred acquires go over the wire as they are, and a hundred and one do not", () => {
  const hundred = { acquires: acquires(limits.locksPerRequestMax), allOrNothing: true };
  expect(readAcquireMany(writeAcquireMany(hundred), region)).toEqual(hundred);
  const more = { acquires: acquires(limits.locksPerRequestMax + 1), allOrNothing: false };
  expect(readAcquireMany(writeAcquireMany(more), region)).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "acquires",
  });
  const none = { acquires: [], allOrNothing: false };
  expect(readAcquireMany(writeAcquireMany(none), region)).toMatchObject({ field: "acquires" });
});

test("one bad part refuses the whole and is named", () => {
  const [first, second, third] = acquires(3);
  const bad = [first!, { ...second!, ttlMs: 1 }, third!];
  expect(
    readAcquireMany(writeAcquireMany({ acquires: bad, allOrNothing: false }), region),
  ).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "acquires[1].ttl_ms",
  });
});

test("a lock asked for twice, or in another region, refuses the whole", () => {
  const [first, second] = acquires(2);
  const twice = { acquires: [first!, first!], allOrNothing: false };
  expect(readAcquireMany(writeAcquireMany(twice), region)).toMatchObject({
    field: "acquires[1].lock",
  });
  const elsewhere = { ...second!, lock: { ...second!.lock, region: "eu-west-1" } };
  const apart = { acquires: [first!, elsewhere], allOrNothing: false };
  expect(readAcquireMany(writeAcquireMany(apart), region)).toMatchObject({
    field: "acquires[1].lock.region",
  });
});

test("releases go over the wire as they are, and their answers come back", () => {
  const releases = [release, { ...release, mode: "shared" as const }];
  const request = ReleaseManyRequest.encode({
    releases: releases.map((one) => ReleaseRequest.decode(new UnaryCodec().writeRequest(one))),
  }).finish();
  expect(readReleaseMany(request, region)).toEqual(releases);
  const response = writeManyResults("release", [
    { kind: "released", handedOver: true },
    failure("NOT_HELD", "No."),
  ]);
  expect(ReleaseManyResponse.decode(response).results).toMatchObject([
    { outcome: { $case: "response", value: { handedOver: true } } },
    { outcome: { $case: "failure", value: { message: "No." } } },
  ]);
});

test("a hundred refusals with all that can be said of the holders stay below a message's limit", () => {
  const [holder] = fc.sample(arbitraryTenant, 1);
  const large = { ...holder!, metadata: { k: "v".repeat(4_095) } };
  const held = {
    kind: "held" as const,
    holders: Array.from({ length: 10 }, () => large),
    queueLength: 1,
    retryAfterMs: 1,
  };
  const bytes = writeManyResults(
    "acquire",
    Array.from({ length: 100 }, () => held),
  );
  expect(bytes.length).toBeLessThan(limits.streamMessageBytesMax);
  expect(readAcquireManyResults(bytes)).toHaveLength(100);
});

test("answers come back in order, failures among them", () => {
  fc.assert(
    fc.property(fc.array(arbitraryAnswer), (answers) => {
      const acquired = answers.flatMap(({ kind, outcome }) =>
        kind === "acquire" ? (outcome as never) : [],
      );
      expect(readAcquireManyResults(writeManyResults("acquire", acquired))).toEqual(acquired);
    }),
  );
});

test("bytes that are not protobuf are refused", () => {
  expect(readAcquireMany(Buffer.from([0x0a, 0x7f]), region)).toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  expect(readAcquireManyResults(Buffer.from([0x0a, 0x7f]))).toBeUndefined();
});
