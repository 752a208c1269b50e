import { isFailure } from "@holdfast/base/failure";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConnectRequest } from "../generated/holdfast/v1/connect.ts";
import { arbitraryCommand } from "../testing/arbitrary-commands.ts";
import { ConnectRequestReader, ConnectRequestWriter } from "./connect-request.ts";

const reader = new ConnectRequestReader("us-east-1");
const hello = { clientName: "holdfast-test", clientVersion: "0.1.0" };

function written(build: (writer: ConnectRequestWriter) => void): Buffer {
  const writer = new ConnectRequestWriter();
  build(writer);
  return writer.take();
}

test("a batch comes out as it went in, hello and all", () => {
  fc.assert(
    fc.property(fc.array(arbitraryCommand, { maxLength: 20 }), (commands) => {
      const bytes = written((writer) => {
        writer.hello(hello);
        for (const [id, command] of commands.entries()) writer.command(id, command);
        for (const id of commands.keys()) writer.gone(id);
      });
      expect(reader.read(bytes)).toEqual({
        kind: "batch",
        hello,
        commands: commands.map((command, id) => ({ id, command })),
        gone: [...commands.keys()],
      });
    }),
    { numRuns: 300 },
  );
});

test("generated code of the same proto file reads and writes the same commands", () => {
  fc.assert(
    fc.property(fc.array(arbitraryCommand, { maxLength: 5 }), (commands) => {
      const bytes = written((writer) => {
        for (const [id, command] of commands.entries()) writer.command(id, command);
        for (const id of [0, 300, 2 ** 32 - 1]) writer.gone(id);
      });
      const generated = ConnectRequest.decode(bytes);
      expect(generated.commands).toHaveLength(commands.length);
      const again = ConnectRequest.encode(generated).finish();
      expect(reader.read(again)).toEqual({
        kind: "batch",
        commands: commands.map((command, id) => ({ id, command })),
        gone: [0, 300, 2 ** 32 - 1],
      });
    }),
    { numRuns: 300 },
  );
});

test("fields of a later version are passed over", () => {
  const command = ConnectRequest.encode({
    gone: [],
    hello: undefined,
    commands: [
      {
        id: 7,
        command: {
          $case: "get",
          value: { lock: { region: "", namespace: "default", name: "a" }, consistency: 0 },
        },
      },
    ],
  }).finish();
  // Field 15 as a number, as eight bytes, as a string and as four bytes.
  const later = Buffer.from([
    0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 2, 1, 2, 0x7d, 1, 2, 3, 4,
  ]);
  expect(reader.read(Buffer.concat([later, command, later]))).toEqual({
    kind: "batch",
    commands: [
      {
        id: 7,
        command: { kind: "get", lock: { region: "us-east-1", namespace: "default", name: "a" } },
      },
    ],
    gone: [],
  });
});

test("a command that breaks a rule is refused alone", () => {
  const sparse = { region: "", namespace: "x", name: "a" };
  const bytes = ConnectRequest.encode({
    gone: [],
    hello: undefined,
    commands: [
      { id: 1, command: { $case: "get", value: { lock: undefined, consistency: 0 } } },
      { id: 2, command: { $case: "get", value: { lock: sparse, consistency: 0 } } },
      { id: 3, command: undefined },
      { id: 4, command: { $case: "get", value: { lock: sparse, consistency: 3 as never } } },
    ],
  }).finish();
  const content = reader.read(bytes);
  if (isFailure(content)) throw new Error(content.message);
  expect(content.commands).toMatchObject([
    { id: 1, command: { kind: "failure", code: "INVALID_ARGUMENT", field: "lock.name" } },
    { id: 2, command: { kind: "get" } },
    { id: 3, command: { kind: "failure", code: "UNIMPLEMENTED" } },
    { id: 4, command: { kind: "failure", code: "INVALID_ARGUMENT", field: "consistency" } },
  ]);
});

test("a string that is not UTF-8 is refused by its field, and its neighbours are not", () => {
  const lock = { region: "r", namespace: "n", name: "a" } as const;
  const bytes = written((writer) => {
    writer.command(1, { kind: "get", lock: { ...lock, name: "damaged" } });
    writer.command(2, { kind: "get", lock });
  });
  bytes[bytes.indexOf("damaged")] = 0xff;
  const content = reader.read(bytes);
  if (isFailure(content)) throw new Error(content.message);
  expect(content.commands).toMatchObject([
    { command: { code: "INVALID_ARGUMENT", field: "lock.name" } },
    { command: { kind: "get" } },
  ]);
});

test("whatever bytes come, reading ends, throws nothing, and obeys the rules", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const content = reader.read(bytes);
      expect(isFailure(content) || Array.isArray(content.commands)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test("a message with any byte changed, or cut short, is read or refused, never thrown at", () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryCommand, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      (commands, where, value, cut) => {
        const bytes = written((writer) => {
          for (const [id, command] of commands.entries()) writer.command(id, command);
        });
        const at = where % bytes.length;
        bytes[at] = value;
        reader.read(cut ? bytes.subarray(0, at) : bytes);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([
  ["an empty name", { clientName: "", clientVersion: "1" }, "hello.client_name"],
  ["a name of 65", { clientName: "x".repeat(65), clientVersion: "1" }, "hello.client_name"],
  ["a space in the name", { clientName: "a b", clientVersion: "1" }, "hello.client_name"],
  ["a version of 65", { clientName: "x", clientVersion: "x".repeat(65) }, "hello.client_version"],
])("a hello with %s is refused", (_what, bad, field) => {
  const content = reader.read(written((writer) => writer.hello(bad)));
  expect(content).toMatchObject({ kind: "failure", code: "INVALID_ARGUMENT", field });
});

test("a key of metadata may have any name", () => {
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}');
  const [command] = fc
    .sample(arbitraryCommand, { numRuns: 1_000, seed: 1 })
    .flatMap((sample) => (sample.kind === "acquire" ? { ...sample, metadata } : []));
  if (command === undefined) throw new Error("no acquire among a thousand commands");
  const content = reader.read(written((writer) => writer.command(1, command)));
  expect(content).toEqual({ kind: "batch", commands: [{ id: 1, command }], gone: [] });
});

test("numbers that are cut short, or hold more than they say, are no such message", () => {
  for (const bytes of [
    [0x18],
    [0x18, 0x80],
    [0x1a, 2, 1],
    [0x1a, 1, 0x80],
    [0x1a, 1, 0x80, 0x18, 1],
    [0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ]) {
    expect(reader.read(Uint8Array.from(bytes)), String(bytes)).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  }
});
