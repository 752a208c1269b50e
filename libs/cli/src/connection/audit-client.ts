import {
  type ArchivedRequest,
  type AtRequest,
  type ContendedRequest,
  AuditServiceService as calls,
  type ExportRequest,
  type SessionRequest,
  type TailRequest,
  type TimelineRequest,
  type VerifyRequest,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { SystemClock } from "@holdfast/base/clock";
import { type Failure, isFailure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { askGenerated, type GeneratedCall, readAnswer } from "@holdfast/client/grpc/generated-call";
import { GrpcCalls } from "@holdfast/client/grpc/grpc-calls";
import { OwnIdentity } from "@holdfast/client/grpc/own-identity";
import { CliError, failureError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import type { AuditPort, ConnectAudit } from "./audit-port.ts";
import { mayAnswer, needsTls } from "./may-answer.ts";
import { pulled } from "./pulled.ts";
import { guard } from "./sdk-errors.ts";
import { listenerAt } from "./tcp.ts";

/** Connects to an auditor, unless none can be there at all. Rejects with `CliError` alone. */
export const connectToAudit: ConnectAudit = async (endpoint, tls) => {
  const clock = new SystemClock();
  const found = await listenerAt(clock, endpoint, tls !== undefined);
  if (mayAnswer(found, tls !== undefined)) {
    return guard(async () => new AuditClient(endpoint, clock, tls && new OwnIdentity(tls)));
  }
  if (found === "tls") throw needsTls([endpoint]);
  const message =
    found === "foreign"
      ? `What listens at ${endpoint} is no auditor: it does not speak gRPC.`
      : `Nothing listens at ${endpoint}, where the record is to be asked.`;
  throw new CliError(exitCodes.unavailable, message, { code: "SHARD_UNAVAILABLE", advice });
};

const advice =
  "Start Holdfast with its record (npm start -- --audit for all of it), or name its address with " +
  "--audit-endpoint or HOLDFAST_AUDIT_ENDPOINT.";

class AuditClient implements AuditPort {
  readonly #calls: GrpcCalls;
  readonly #endpoint: string;

  constructor(endpoint: string, clock: SystemClock, tls: TlsIdentity | undefined) {
    this.#endpoint = endpoint;
    this.#calls = new GrpcCalls(clock, tls);
  }

  timeline(request: TimelineRequest) {
    return this.#ask(calls.timeline, request);
  }

  at(request: AtRequest) {
    return this.#ask(calls.at, request);
  }

  session(request: SessionRequest) {
    return this.#ask(calls.session, request);
  }

  contended(request: ContendedRequest) {
    return this.#ask(calls.contended, request);
  }

  archived(request: ArchivedRequest) {
    return this.#ask(calls.archived, request);
  }

  tail(request: TailRequest, signal: AbortSignal) {
    return this.#follow(calls.tail, request, signal, () => false);
  }

  verify(request: VerifyRequest, signal: AbortSignal) {
    return this.#follow(calls.verify, request, signal, ({ done }) => done);
  }

  export(request: ExportRequest, signal: AbortSignal) {
    return this.#follow(calls.export, request, signal, ({ done }) => done);
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async #ask<Request, Response extends object>(
    call: GeneratedCall<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const answer = await askGenerated(this.#calls, this.#endpoint, call, request);
    if ("kind" in answer && isFailure(answer as Failure)) throw this.#error(answer as Failure);
    return answer as Response;
  }

  #follow<Request, Response>(
    call: GeneratedCall<Request, Response>,
    request: Request,
    signal: AbortSignal,
    isLast: (message: Response) => boolean,
  ): AsyncIterable<Response> {
    const { path, requestSerialize } = call;
    return pulled(signal, isLast, (listener) =>
      this.#calls.follow(
        this.#endpoint,
        path,
        request,
        requestSerialize,
        (bytes) => readAnswer(call, bytes),
        {
          onAnswer: listener.onAnswer,
          onEnd: (failure) => listener.onError(this.#error(failure)),
        },
      ),
    );
  }

  #error(failure: Failure): CliError {
    if (failure.code !== "UNIMPLEMENTED") return failureError(failure);
    const message = `What answers at ${this.#endpoint} is no auditor.`;
    return new CliError(exitCodes.unavailable, message, { code: failure.code, advice });
  }
}
