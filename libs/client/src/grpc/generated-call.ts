import type { Failure } from "@holdfast/base/failure";
import type { GrpcCalls } from "./grpc-calls.ts";

/** One call of a generated service. */
export interface GeneratedCall<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** See {@link GrpcCalls.ask}. */
export function askGenerated<Request, Response>(
  calls: GrpcCalls,
  endpoint: string,
  call: GeneratedCall<Request, Response>,
  request: Request,
): Promise<Response | Failure> {
  const { path, requestSerialize } = call;
  return calls.ask(endpoint, path, request, requestSerialize, (bytes) => readAnswer(call, bytes));
}

/** Undefined where the bytes are no such message: the generated decoder throws there. */
export function readAnswer<Response>(
  call: Pick<GeneratedCall<never, Response>, "responseDeserialize">,
  bytes: Buffer,
): Response | undefined {
  try {
    return call.responseDeserialize(bytes);
  } catch {
    return undefined;
  }
}
