import type { GrantId, SessionId } from "@holdfast/base/ids";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConnectResponse } from "../generated/holdfast/v1/connect.ts";
import { arbitraryId, arbitraryLease, arbitraryLock } from "../testing/arbitrary-commands.ts";
import { arbitraryAnswer, arbitraryTenant } from "../testing/arbitrary-outcomes.ts";
import {
  ConnectResponseReader,
  ConnectResponseWriter,
  type ServerEvent,
} from "./connect-response.ts";

const reader = new ConnectResponseReader();
const hello = {
  region: "us-east-1",
  routerId: "r-1",
  cluster: "dev",
  version: "0.1.0",
  messageBytesMax: 1_048_576,
  commandsInFlightMax: 20_000,
};

const arbitraryEvent: fc.Arbitrary<ServerEvent> = fc.oneof(
  fc.record({
    kind: fc.constant("queue-position" as const),
    id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    position: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
  fc.record({
    kind: fc.constant("grant-lost" as const),
    lock: arbitraryLock,
    grantId: arbitraryId as fc.Arbitrary<GrantId>,
  }),
  fc.record({
    kind: fc.constant("session-lost" as const),
    session: arbitraryId as fc.Arbitrary<SessionId>,
  }),
  fc.record({
    kind: fc.constant("go-away" as const),
    reason: fc.string(),
    drainMs: fc.integer({ min: 0, max: 60_000 }),
    reconnect: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("place-leases" as const),
    id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    leases: fc.array(arbitraryLease, { maxLength: 3 }),
  }),
);

const arbitraryContent = fc.record({
  answers: fc.array(arbitraryAnswer, { maxLength: 10 }),
  events: fc.array(arbitraryEvent, { maxLength: 3 }),
});

test("answers and events come out as they went in", () => {
  fc.assert(
    fc.property(arbitraryContent, ({ answers, events }) => {
      const writer = new ConnectResponseWriter();
      writer.hello(hello);
      for (const [id, { kind, outcome }] of answers.entries()) writer.result(id, kind, outcome);
      for (const event of events) writer.event(event);
      const results = answers.map(({ outcome }, id) => ({ id, outcome }));
      expect(reader.read(writer.take())).toEqual({ hello, results, events });
    }),
    { numRuns: 300 },
  );
});

test("generated code of the same proto file reads and writes the same answers", () => {
  fc.assert(
    fc.property(arbitraryContent, ({ answers, events }) => {
      const writer = new ConnectResponseWriter();
      for (const [id, { kind, outcome }] of answers.entries()) writer.result(id, kind, outcome);
      for (const event of events) writer.event(event);
      const again = ConnectResponse.encode(ConnectResponse.decode(writer.take())).finish();
      const results = answers.map(({ outcome }, id) => ({ id, outcome }));
      expect(reader.read(again)).toEqual({ results, events });
    }),
    { numRuns: 300 },
  );
});

test("whatever bytes come, reading ends and throws nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      reader.read(bytes);
    }),
    { numRuns: 3_000 },
  );
});

test("a validity is rounded down and a wait is rounded up, so neither side gains by it", () => {
  const writer = new ConnectResponseWriter();
  writer.result(1, "renew", { kind: "renewed", validForMs: 1_999.9 });
  writer.result(2, "renew", { kind: "renewed", validForMs: -3 });
  writer.result(3, "acquire", {
    kind: "held",
    holders: [],
    queueLength: 0,
    retryAfterMs: 0.1,
  });
  expect(reader.read(writer.take())?.results).toEqual([
    { id: 1, outcome: { kind: "renewed", validForMs: 1_999 } },
    { id: 2, outcome: { kind: "renewed", validForMs: 0 } },
    { id: 3, outcome: { kind: "held", holders: [], queueLength: 0, retryAfterMs: 1 } },
  ]);
});

test("a refused acquire is told of ten holders at the most", () => {
  const holders = fc.sample(arbitraryTenant, 11);
  const writer = new ConnectResponseWriter();
  writer.result(1, "acquire", { kind: "held", holders, queueLength: 3, retryAfterMs: 5 });
  expect(reader.read(writer.take())?.results[0]?.outcome).toMatchObject({
    holders: holders.slice(0, 10),
  });
});

test("a grant without a lease or a mode is no grant", () => {
  const lock = { region: "r", namespace: "n", name: "a" };
  const bytes = ConnectResponse.encode({
    hello: undefined,
    events: [],
    results: [
      {
        id: 1,
        outcome: {
          $case: "acquire",
          value: {
            outcome: {
              $case: "granted",
              value: {
                lock,
                grantId: "g",
                mode: 1,
                token: 1n,
                validForMs: 1,
                lease: undefined,
                regions: [],
                validFromThisSend: false,
                confirmed: [],
              },
            },
          },
        },
      },
    ],
  }).finish();
  expect(reader.read(bytes)).toBeUndefined();
});

test("a failure whose code is from a later version is an unknown outcome", () => {
  const bytes = ConnectResponse.encode({
    hello: undefined,
    events: [],
    results: [
      {
        id: 1,
        outcome: {
          $case: "failure",
          value: {
            code: 99 as 1,
            message: "new",
            field: "",
            shard: "",
            regions: [],
            retryAfterMs: undefined,
          },
        },
      },
    ],
  }).finish();
  expect(reader.read(bytes)?.results[0]?.outcome).toMatchObject({ code: "UNKNOWN_OUTCOME" });
});
