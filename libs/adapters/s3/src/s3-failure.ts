import { tlsAdvice } from "@holdfast/base/tls/trouble";
import type { ArchiveNotDone, ArchiveRefusalReason } from "@holdfast/engine/ports/archive";

/** One of the two sides does not believe the other: no request has gone over. */
const notSecured = "TlsTrouble";

/** What of an error says what became of a request. */
export interface S3Error {
  /** 0: there was no answer. */
  readonly status: number;
  /** As `NoSuchKey`; of a connection as `ECONNREFUSED`. */
  readonly code: string;
  readonly message: string;
}

/** Reads what the SDK throws; `endpoint`: of a store other than Amazon's. */
export function s3Error(error: unknown, endpoint?: string): S3Error {
  if (!(error instanceof Error)) return { status: 0, code: "", message: `S3: ${String(error)}` };
  const { $metadata, code } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: unknown;
  };
  const status = $metadata?.httpStatusCode ?? 0;
  const trouble = status === 0 ? tlsAdvice(error) : undefined;
  if (trouble !== undefined) {
    const where = endpoint === undefined ? "" : ` at ${endpoint}`;
    return { status, code: notSecured, message: `S3${where}: ${trouble}` };
  }
  const named = status === 0 && typeof code === "string" ? code : error.name;
  const text = error.message === "" || error.message === named ? "" : `: ${error.message}`;
  return { status, code: named, message: `S3: ${named}${text}` };
}

/** Nobody was reached, or whoever answered had not begun. */
const neverBegun =
  /^(TlsTrouble|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|SlowDown|ServiceUnavailable|ConditionalRequestConflict|OperationAborted|RequestTimeout|ThrottlingException|TooManyRequests)$/;

/** The SDK's own words for a connection that was not had in time. */
const notConnected = /without establishing a connection|Connection timed out/i;

const reasons: readonly (readonly [code: RegExp, reason: ArchiveRefusalReason])[] = [
  [/^NoSuchBucket$/, "no-bucket"],
  [/^(BadDigest|InvalidDigest|XAmzContentChecksumMismatch|XAmzContentSHA256Mismatch)$/, "checksum"],
  [
    /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|CredentialsProviderError|AccountProblem|AllAccessDisabled)$/,
    "denied",
  ],
];

/** What an error means for a request that changes something. */
export function writeFailure(error: S3Error): ArchiveNotDone {
  const { status, code, message } = error;
  if (neverBegun.test(code) || notConnected.test(message)) return { kind: "unavailable", message };
  const reason = reasons.find(([pattern]) => pattern.test(code))?.[1];
  if (reason !== undefined) return { kind: "refused", reason, message };
  if (status === 401 || status === 403) return { kind: "refused", reason: "denied", message };
  // What was sent may have arrived where there is no answer, or one that says nothing.
  if (status < 400 || status >= 500) return { kind: "unknown", message };
  return { kind: "refused", reason: "invalid", message };
}

/** What an error means for a reading, which changes nothing. */
export function readFailure(error: S3Error): ArchiveNotDone {
  const failure = writeFailure(error);
  return failure.kind === "unknown" ? { ...failure, kind: "unavailable" } : failure;
}

/** The store does not know such requests. */
export function isNotImplemented({ status, code }: S3Error): boolean {
  return status === 501 || code === "NotImplemented" || status === 405;
}
