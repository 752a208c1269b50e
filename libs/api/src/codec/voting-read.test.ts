import { isFailure } from "@holdfast/base/failure";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConverseRequest, ConverseResponse } from "../generated/holdfast/internal/v1/voting.ts";
import { arbitraryLock } from "../testing/arbitrary-commands.ts";
import { arbitraryAnswer, arbitraryQuestion } from "../testing/arbitrary-votes.ts";
import type { VotingHello } from "./voting-message.ts";
import { ConverseRequestReader, ConverseResponseReader } from "./voting-read.ts";
import { ConverseRequestWriter, ConverseResponseWriter } from "./voting-write.ts";

const asked = new ConverseRequestReader();
const answered = new ConverseResponseReader();
const hello: VotingHello = {
  protocol: 1,
  cluster: "holdfast",
  region: "us-east-1",
  proposer: 4_000_000_001,
  incarnation: 7,
};
const arbitraryAsked = fc.array(fc.tuple(arbitraryLock, arbitraryQuestion), { maxLength: 8 });

function written(build: (writer: ConverseRequestWriter) => void): Buffer {
  const writer = new ConverseRequestWriter();
  build(writer);
  return writer.take();
}

test("questions come out as they went in, hello and all", () => {
  fc.assert(
    fc.property(arbitraryAsked, fc.integer({ min: 1, max: 60_000 }), (batch, withinMs) => {
      const bytes = written((writer) => {
        writer.hello(hello);
        for (const [id, [lock, question]] of batch.entries()) {
          writer.question(id, lock, withinMs, question);
        }
      });
      expect(asked.read(bytes)).toEqual({
        kind: "questions",
        hello,
        questions: batch.map(([{ namespace, name }, question], id) => {
          return { id, namespace, name, withinMs, question };
        }),
      });
    }),
    { numRuns: 300 },
  );
});

test("the trace that a question is a part of goes with it, and what is none is left out", () => {
  const lock = { namespace: "default", name: "order" };
  const traceparent = `00-${"1".repeat(32)}-${"a".repeat(16)}-01`;
  const bytes = written((writer) => {
    writer.question(1, lock, 100, { kind: "read", generation: 1 }, traceparent);
    writer.question(2, lock, 100, { kind: "read", generation: 1 }, "mine");
    writer.question(3, lock, 100, { kind: "read", generation: 1 });
  });
  const content = asked.read(bytes);
  if (isFailure(content)) throw new Error(content.message);
  expect(content.questions.map((each) => each.traceparent)).toEqual([
    traceparent,
    undefined,
    undefined,
  ]);
  const { questions } = ConverseRequest.decode(bytes);
  expect(questions[0]?.traceparent).toBe(traceparent);
});

test("answers come out as they went in, hello and all", () => {
  fc.assert(
    fc.property(fc.array(arbitraryAnswer, { maxLength: 8 }), (batch) => {
      const writer = new ConverseResponseWriter();
      writer.hello(hello);
      for (const [id, answer] of batch.entries()) writer.answer(id, answer);
      expect(answered.read(writer.take())).toEqual({
        kind: "answers",
        hello,
        answers: batch.map((answer, id) => ({ id, answer })),
      });
    }),
    { numRuns: 300 },
  );
});

test("generated code of the same proto file reads and writes the same messages", () => {
  fc.assert(
    fc.property(arbitraryAsked, fc.array(arbitraryAnswer, { maxLength: 5 }), (batch, answers) => {
      const bytes = written((writer) => {
        for (const [id, [lock, question]] of batch.entries()) {
          writer.question(id, lock, 1_000, question);
        }
      });
      const again = ConverseRequest.encode(ConverseRequest.decode(bytes)).finish();
      expect(asked.read(again)).toEqual(asked.read(bytes));
      const writer = new ConverseResponseWriter();
      for (const [id, answer] of answers.entries()) writer.answer(id, answer);
      const reply = writer.take();
      const reread = ConverseResponse.encode(ConverseResponse.decode(reply)).finish();
      expect(answered.read(reread)).toEqual(answered.read(reply));
    }),
    { numRuns: 200 },
  );
});

test("bytes of any kind are read or refused, and never throw", () => {
  fc.assert(
    fc.property(arbitraryAsked, fc.array(fc.nat()), (batch, flips) => {
      const bytes = written((writer) => {
        for (const [id, [lock, question]] of batch.entries())
          writer.question(id, lock, 9, question);
      });
      for (const flip of flips) {
        const at = flip % Math.max(1, bytes.length);
        if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (flip % 8));
      }
      for (const reader of [asked, answered]) {
        reader.read(bytes);
        reader.read(bytes.subarray(0, flips.length));
      }
    }),
    { numRuns: 300 },
  );
});

test("a message that was cut short is refused whole", () => {
  const bytes = written((writer) =>
    writer.question(1, { namespace: "default", name: "a" }, 9, { kind: "read", generation: 1 }),
  );
  expect(asked.read(bytes.subarray(0, -1))).toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a question of a later version is answered alone, and the others are asked", () => {
  const later = Buffer.from([0x12, 0x19, 0x08, 0x05, 0x12, 0x07, ...Buffer.from("default")]);
  const rest = Buffer.from([0x1a, 0x01, 0x61, 0x20, 0x09, 0x7a, 0x05, 1, 2, 3, 4, 5, 0]);
  const known = written((writer) =>
    writer.question(6, { namespace: "default", name: "a" }, 9, { kind: "read", generation: 1 }),
  );
  const message = Buffer.concat([later, rest.subarray(0, 12), known]);
  message[1] = later.length + 12 - 2;
  expect(asked.read(message)).toMatchObject({
    questions: [
      { id: 5, question: { code: "UNIMPLEMENTED" } },
      { id: 6, question: { kind: "read" } },
    ],
  });
});

test("a question about no lock, or for no time, is refused alone", () => {
  const bytes = written((writer) => {
    const question = { kind: "read", generation: 1 } as const;
    writer.question(1, { namespace: "Default", name: "a" }, 9, question);
    writer.question(2, { namespace: "default", name: "a//b" }, 9, question);
    writer.question(3, { namespace: "default", name: "a" }, 0, question);
    writer.question(4, { namespace: "default", name: "a" }, 60_001, question);
  });
  const content = asked.read(bytes);
  if (isFailure(content)) throw new Error(content.message);
  expect(content.questions.map(({ question }) => question)).toMatchObject([
    { code: "INVALID_ARGUMENT", field: "namespace" },
    { code: "INVALID_ARGUMENT", field: "name" },
    { code: "INVALID_ARGUMENT", field: "within_ms" },
    { code: "INVALID_ARGUMENT", field: "within_ms" },
  ]);
});
