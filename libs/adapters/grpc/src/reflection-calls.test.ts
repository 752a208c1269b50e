import { Client, credentials } from "@grpc/grpc-js";
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "@holdfast/api/generated/grpc/reflection/v1/reflection";
import { expect, onTestFinished, test } from "vitest";
import { openDoor } from "./testing/open-door.ts";

type Question = ServerReflectionRequest["messageRequest"];

async function ask(address: string, version: string, asked: Question) {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const stream = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (request: ServerReflectionRequest) =>
      Buffer.from(ServerReflectionRequest.encode(request).finish()),
    (bytes) => ServerReflectionResponse.decode(bytes),
  );
  stream.on("error", () => {});
  stream.write({ host: "h", messageRequest: asked });
  stream.end();
  // biome-ignore lint/suspicious/noExplicitAny: an answer or a status, as the test expects it
  return new Promise<any>((resolve) => {
    stream.on("data", resolve);
    stream.on("status", resolve);
  });
}

test.each(["v1", "v1alpha"])("a generic client of %s learns the services", async (version) => {
  const { server } = await openDoor();
  const reply = await ask(server.address, version, { $case: "listServices", value: "" });
  const names = reply.messageResponse.value.service.map(({ name }: { name: string }) => name);
  expect(names).toEqual([
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "holdfast.v1.AdminService",
    "holdfast.v1.LockService",
    "holdfast.v1.SessionService",
  ]);
});

test("a symbol's file comes with everything it imports", async () => {
  const { server } = await openDoor();
  for (const symbol of ["holdfast.v1.SessionService", "holdfast.v1.SessionService.Connect"]) {
    const reply = await ask(server.address, "v1", {
      $case: "fileContainingSymbol",
      value: symbol,
    });
    const files: Buffer[] = reply.messageResponse.value.fileDescriptorProto;
    const texts = files.map((file) => file.toString("latin1"));
    for (const file of [
      "session_service",
      "connect",
      "session",
      "lock_service",
      "lock",
      "failure",
    ]) {
      expect(texts.some((text) => text.includes(`holdfast/v1/${file}.proto`))).toBe(true);
    }
  }
});

test.each<Question>([
  { $case: "fileByFilename", value: "holdfast/v1/none.proto" },
  { $case: "fileContainingSymbol", value: "holdfast.v1.NoSuch" },
  { $case: "allExtensionNumbersOfType", value: "holdfast.v1.NoSuch" },
])("what is not there is said to be missing: $$case", async (asked) => {
  const { server } = await openDoor();
  const reply = await ask(server.address, "v1", asked);
  expect(reply.messageResponse).toMatchObject({ $case: "errorResponse", value: { errorCode: 5 } });
});

test("reflection can be left out", async () => {
  const { server } = await openDoor({ reflection: false });
  const status = await ask(server.address, "v1", { $case: "listServices", value: "" });
  expect(status).toMatchObject({ code: 12 });
});
