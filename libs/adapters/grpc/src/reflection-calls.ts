import { type Server, type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { Descriptors } from "@holdfast/api/descriptors";
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from "@holdfast/api/generated/grpc/reflection/v1/reflection";

type Reply = ServerReflectionResponse["messageResponse"];

/**
 * Registers reflection, for generic clients: of v1, and of v1alpha, whose messages are the same.
 */
export function serveReflection(server: Server, descriptors: Descriptors): void {
  const { path, requestDeserialize, responseSerialize } =
    ServerReflectionService.serverReflectionInfo;
  const handler = (call: ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>) => {
    call.on("data", (request: ServerReflectionRequest) => {
      call.write({
        validHost: request.host,
        originalRequest: request,
        messageResponse: replyTo(request, descriptors),
      });
    });
    call.on("end", () => call.end());
  };
  for (const version of [path, path.replace(".v1.", ".v1alpha.")]) {
    server.register(version, handler, responseSerialize, requestDeserialize, "bidi");
  }
}

function replyTo(
  { messageRequest: asked }: ServerReflectionRequest,
  descriptors: Descriptors,
): Reply {
  switch (asked?.$case) {
    case "listServices":
      return {
        $case: "listServicesResponse",
        value: { service: descriptors.services.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return files(descriptors.file(asked.value), asked.value);
    case "fileContainingSymbol":
      return files(descriptors.fileDeclaring(asked.value), asked.value);
    case "fileContainingExtension":
      return missing(`extension ${asked.value.extensionNumber}`);
    case "allExtensionNumbersOfType":
      if (descriptors.fileDeclaring(asked.value) === undefined) return missing(asked.value);
      return {
        $case: "allExtensionNumbersResponse",
        value: { baseTypeName: asked.value, extensionNumber: [] },
      };
    case undefined:
      return {
        $case: "errorResponse",
        value: { errorCode: status.INVALID_ARGUMENT, errorMessage: "Nothing was asked." },
      };
  }
}

function files(found: readonly Uint8Array[] | undefined, name: string): Reply {
  if (found === undefined) return missing(name);
  const fileDescriptorProto = found.map((bytes) => Buffer.from(bytes));
  return { $case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function missing(name: string): Reply {
  return {
    $case: "errorResponse",
    value: { errorCode: status.NOT_FOUND, errorMessage: `There is no ${name} here.` },
  };
}
