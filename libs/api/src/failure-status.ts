import { type Failure, type FailureCode, failure } from "@holdfast/base/failure";
import type { Any } from "./generated/google/protobuf/any.ts";
import { BadRequest, ErrorInfo, RetryInfo } from "./generated/google/rpc/error_details.ts";
import { Status } from "./generated/google/rpc/status.ts";

/** The gRPC status codes by name. */
export const grpcCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/**
 * Whether asking again is safe and makes sense. `no`: the same request fails again. `later`: after
 * `retryAfterMs`. `yes`: at once, with backoff. `same-request`: only with the same request id, for
 * the first may have been carried out.
 */
export type Repeat = "no" | "later" | "yes" | "same-request";

/** What a failure is on each wire. */
export interface FailureStatus {
  readonly grpc: (typeof grpcCodes)[keyof typeof grpcCodes];
  readonly http: number;
  readonly repeat: Repeat;
}

const { FAILED_PRECONDITION, RESOURCE_EXHAUSTED, UNAVAILABLE } = grpcCodes;

/** The one table from failures to statuses. */
export const failureStatus: Readonly<Record<FailureCode, FailureStatus>> = {
  INVALID_ARGUMENT: { grpc: grpcCodes.INVALID_ARGUMENT, http: 400, repeat: "no" },
  UNAUTHENTICATED: { grpc: grpcCodes.UNAUTHENTICATED, http: 401, repeat: "no" },
  PERMISSION_DENIED: { grpc: grpcCodes.PERMISSION_DENIED, http: 403, repeat: "no" },
  NOT_HELD: { grpc: FAILED_PRECONDITION, http: 412, repeat: "no" },
  LOST: { grpc: FAILED_PRECONDITION, http: 412, repeat: "no" },
  SESSION_EXPIRED: { grpc: FAILED_PRECONDITION, http: 412, repeat: "no" },
  FENCED_OUT: { grpc: FAILED_PRECONDITION, http: 412, repeat: "no" },
  RATE_LIMITED: { grpc: RESOURCE_EXHAUSTED, http: 429, repeat: "later" },
  QUOTA_EXCEEDED: { grpc: RESOURCE_EXHAUSTED, http: 429, repeat: "later" },
  TOO_MANY_WAITERS: { grpc: RESOURCE_EXHAUSTED, http: 429, repeat: "later" },
  CONTENDED: { grpc: grpcCodes.ABORTED, http: 503, repeat: "yes" },
  SLOT_MOVING: { grpc: UNAVAILABLE, http: 503, repeat: "yes" },
  NO_QUORUM: { grpc: UNAVAILABLE, http: 503, repeat: "yes" },
  SHARD_UNAVAILABLE: { grpc: UNAVAILABLE, http: 503, repeat: "yes" },
  UNIMPLEMENTED: { grpc: grpcCodes.UNIMPLEMENTED, http: 501, repeat: "no" },
  UNKNOWN_OUTCOME: { grpc: grpcCodes.UNKNOWN, http: 504, repeat: "same-request" },
};

/** The trailer that carries the rich error. */
export const statusDetailsKey = "grpc-status-details-bin";

const domain = "holdfast";
const typePrefix = "type.googleapis.com/google.rpc.";

/** A gRPC status. `detailsBin`: a `google.rpc.Status`, for the trailer {@link statusDetailsKey}. */
export interface RichStatus {
  readonly code: number;
  readonly message: string;
  readonly detailsBin: Uint8Array;
}

/** The status a unary call ends with. */
export function statusOf(found: Failure): RichStatus {
  const code = failureStatus[found.code].grpc;
  // The header's encoding throws on an unpaired surrogate.
  const message = found.message.toWellFormed();
  const metadata: Record<string, string> = {};
  if (found.shard !== undefined) metadata.shard = found.shard;
  if (found.regions !== undefined) metadata.regions = found.regions.join(",");
  const details = [
    any("ErrorInfo", ErrorInfo.encode({ reason: found.code, domain, metadata }).finish()),
  ];
  if (found.field !== undefined) {
    const violation = { field: found.field, description: message };
    details.push(any("BadRequest", BadRequest.encode({ fieldViolations: [violation] }).finish()));
  }
  if (found.retryAfterMs !== undefined) {
    const ms = Math.max(0, Math.ceil(found.retryAfterMs));
    const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
    details.push(any("RetryInfo", RetryInfo.encode({ retryDelay }).finish()));
  }
  const detailsBin = Status.encode({ code, message, details }).finish();
  return { code, message, detailsBin };
}

/**
 * The failure behind a status; the very one where a Holdfast server made it. A status that
 * something else made (a proxy, the transport) says for certain that nothing was done only for a
 * few codes; all others come back as UNKNOWN_OUTCOME.
 */
export function failureOf(status: {
  readonly code: number;
  readonly message: string;
  readonly detailsBin?: Uint8Array | undefined;
}): Failure {
  const rich = status.detailsBin && richFailure(status.detailsBin);
  if (rich !== undefined) return rich;
  return failure(foreignCodes.get(status.code) ?? "UNKNOWN_OUTCOME", status.message);
}

const foreignCodes = new Map<number, FailureCode>([
  [grpcCodes.INVALID_ARGUMENT, "INVALID_ARGUMENT"],
  [grpcCodes.UNAUTHENTICATED, "UNAUTHENTICATED"],
  [grpcCodes.PERMISSION_DENIED, "PERMISSION_DENIED"],
  [grpcCodes.UNIMPLEMENTED, "UNIMPLEMENTED"],
]);

function any(type: string, value: Uint8Array): Any {
  return { typeUrl: `${typePrefix}${type}`, value: Buffer.from(value) };
}

/** Undefined where the bytes are no status of a Holdfast server. */
function richFailure(detailsBin: Uint8Array): Failure | undefined {
  let code: FailureCode | undefined;
  const details: { -readonly [Field in keyof Failure]?: Failure[Field] } = {};
  try {
    const status = Status.decode(detailsBin);
    for (const { typeUrl, value } of status.details) {
      if (typeUrl === `${typePrefix}ErrorInfo`) {
        const info = ErrorInfo.decode(value);
        if (info.domain === domain && isFailureCode(info.reason)) code = info.reason;
        const { shard, regions } = info.metadata;
        if (shard !== undefined) details.shard = shard;
        if (regions !== undefined) details.regions = regions === "" ? [] : regions.split(",");
      } else if (typeUrl === `${typePrefix}BadRequest`) {
        const violation = BadRequest.decode(value).fieldViolations[0];
        if (violation !== undefined) details.field = violation.field;
      } else if (typeUrl === `${typePrefix}RetryInfo`) {
        const delay = RetryInfo.decode(value).retryDelay;
        if (delay !== undefined) {
          details.retryAfterMs = Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6);
        }
      }
    }
    return code && failure(code, status.message, details);
  } catch {
    // Not a google.rpc.Status: something else uses the trailer.
    return undefined;
  }
}

function isFailureCode(text: string): text is FailureCode {
  return Object.hasOwn(failureStatus, text);
}
