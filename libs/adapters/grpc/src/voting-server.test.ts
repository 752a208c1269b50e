import { Client, type ClientDuplexStream, credentials, type StatusObject } from "@grpc/grpc-js";
import { type VotingHello, votingProtocol } from "@holdfast/api/codec/voting-message";
import { ConverseResponseReader } from "@holdfast/api/codec/voting-read";
import { ConverseRequestWriter } from "@holdfast/api/codec/voting-write";
import { isFailure } from "@holdfast/base/failure";
import { expect, onTestFinished, test } from "vitest";
import { failureIn } from "./peer-channel.ts";
import { here, serveThere, there, until } from "./testing/voting-pair.ts";
import { passThrough } from "./unary-handler.ts";

const path = "/holdfast.internal.v1.VotingService/Converse";
const lock = { namespace: "default", name: "everywhere" };
const hello: VotingHello = { protocol: votingProtocol, ...here };

/** A stream that says whatever the test wants. */
function rawStream(address: string) {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_send_message_length": -1,
  });
  onTestFinished(() => client.close());
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    path,
    passThrough,
    passThrough,
  );
  const messages: Buffer[] = [];
  stream.on("data", (bytes: Buffer) => messages.push(bytes));
  stream.on("error", () => {});
  const ended = new Promise<StatusObject>((resolve) => stream.on("status", resolve));
  const say = (build: (writer: ConverseRequestWriter) => void) => {
    const writer = new ConverseRequestWriter();
    build(writer);
    stream.write(writer.take());
  };
  const refusal = async () => failureIn(await ended).message;
  return { stream, messages, say, refusal, ended };
}

test("the hello is answered with one, and questions that came along with it are answered", async () => {
  const { address } = await serveThere();
  const { say, messages } = rawStream(address);
  say((writer) => {
    writer.hello(hello);
    writer.question(4, lock, 100, { kind: "read", generation: 1 });
    writer.question(5, lock, 100, { kind: "read", generation: 2 });
  });
  await until(() => messages.length > 0);
  // All that is answered in one turn leaves in one message.
  const content = new ConverseResponseReader().read(messages[0] ?? Buffer.alloc(0));
  expect(content).toEqual({
    kind: "answers",
    hello: { protocol: votingProtocol, ...there },
    answers: [
      { id: 4, answer: { kind: "other-generation", generation: 2 } },
      { id: 5, answer: { kind: "other-generation", generation: 3 } },
    ],
  });
});

test.each<[string, Partial<VotingHello>, string]>([
  ["of another version", { protocol: 2 }, "speaks version 2"],
  ["of another installation", { cluster: "other" }, "which is another installation"],
  ["of a region it does not know", { region: "mars" }, "says it is of mars"],
  ["of its own region", { region: "there" }, "says it is of there"],
  ["with its own proposer id and incarnation", { proposer: 22 }, "the same proposer id 22"],
])("a coordinator %s is refused, and both are told why", async (_, wrong, why) => {
  const { address, refused, region } = await serveThere();
  const { say, refusal } = rawStream(address);
  say((writer) => {
    writer.hello({ ...hello, ...wrong });
    writer.question(1, lock, 100, { kind: "read", generation: 1 });
  });
  expect(await refusal()).toContain(why);
  expect(refused).toEqual([expect.stringContaining(why)]);
  expect(region.asked).toEqual([]);
});

test.each<[string, (raw: ReturnType<typeof rawStream>) => void, string]>([
  [
    "asks before it says hello",
    ({ say }) => say((writer) => writer.question(1, lock, 9, { kind: "read", generation: 1 })),
    "says hello",
  ],
  [
    "says hello twice",
    ({ say }) => {
      say((writer) => writer.hello(hello));
      say((writer) => writer.hello(hello));
    },
    "says hello",
  ],
  ["is cut short", ({ stream }) => stream.write(Buffer.from([0x0a, 0x7f, 1])), "is not a"],
  ["is too large", ({ stream }) => stream.write(Buffer.alloc(1024 * 1024 + 1)), "larger than"],
])("a stream that %s is ended", async (_, speak, why) => {
  const { address, region } = await serveThere();
  const raw = rawStream(address);
  speak(raw);
  expect(await raw.refusal()).toContain(why);
  expect(region.asked).toEqual([]);
});

test("a stream that says nothing is ended", async () => {
  const { address } = await serveThere({ helloTimeoutMs: 50 });
  const raw = rawStream(address);
  raw.stream.write(Buffer.alloc(0));
  expect(await raw.refusal()).toMatch(/No hello|says hello/);
});

test("a question that cannot be read fails alone", async () => {
  const { address, region } = await serveThere();
  const { say, messages } = rawStream(address);
  say((writer) => {
    writer.hello(hello);
    writer.question(1, { namespace: "default", name: "" }, 100, { kind: "read", generation: 1 });
    writer.question(2, lock, 100, { kind: "read", generation: 1 });
  });
  await until(() => messages.length > 0);
  const content = new ConverseResponseReader().read(messages[0] ?? Buffer.alloc(0));
  if (isFailure(content)) throw new Error(content.message);
  const sorted = [...content.answers].sort((left, right) => left.id - right.id);
  expect(sorted).toMatchObject([
    { id: 1, answer: { code: "INVALID_ARGUMENT" } },
    { id: 2, answer: { kind: "other-generation" } },
  ]);
  expect(region.asked).toHaveLength(1);
});

test("a coordinator that is refused again and again is told of once", async () => {
  const { address, refused } = await serveThere();
  for (let attempt = 0; attempt < 3; attempt++) {
    const { say, ended } = rawStream(address);
    say((writer) => writer.hello({ ...hello, cluster: "other" }));
    await ended;
  }
  expect(refused).toHaveLength(1);
});
