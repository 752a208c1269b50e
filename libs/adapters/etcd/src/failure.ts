import { type ServiceError, status } from "@grpc/grpc-js";
import type { Rejected, RejectReason, StoreFailure } from "@holdfast/engine/ports/shard-store";

/**
 * What etcd answers when it has refused a request and applied nothing of it: texts of its
 * api/v3rpc/rpctypes/error.go. They are matched by text alone, because the codes are not
 * trustworthy: "too many requests" arrives as UNKNOWN.
 *
 * A text that is missing here counts as unknown, which is the safe side. Not here on purpose:
 * every "request timed out", "leader changed" and "server stopped" (the proposal may be under
 * way), "raft proposal dropped", and the codes CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE.
 */
const rejections: Readonly<Record<string, RejectReason>> = {
  "etcdserver: requested lease not found": "lease-not-found",
  "etcdserver: duplicate key given in txn request": "duplicate-key",
  "etcdserver: too many operations in txn request": "too-many-operations",
  "etcdserver: request is too large": "too-large",
  "etcdserver: mvcc: database space exceeded": "no-space",
  "etcdserver: key is not provided": "invalid",
  "etcdserver: invalid sort option": "invalid",
  "etcdserver: too large lease TTL": "invalid",
  "etcdserver: mvcc: required revision is a future revision": "invalid",
};

/** What etcd's transport answers to a request past its limit and half a megabyte. */
const serverTransportLimit = "grpc: received message larger than max";

/** Refused before it reached Raft, or by every member alike when it was applied. */
const refusals: ReadonlySet<string> = new Set([
  "etcdserver: too many requests",
  // Only the interceptor says so to a write, before it looks at it; we ask it to (`hasleader`).
  "etcdserver: no leader",
  "etcdserver: not capable",
  "etcdserver: rpc not supported for learner",
  "etcdserver: corrupt cluster",
  "etcdserver: permission denied",
  "etcdserver: user name is empty",
  "etcdserver: invalid auth token",
]);

/** The lease has ended; what that means depends on the call. */
export const leaseNotFound = "etcdserver: requested lease not found";
/** The revision was compacted before. */
export const alreadyCompacted = "etcdserver: mvcc: required revision has been compacted";

/** Whether the request certainly never left this process, or reached no handler. */
export function neverSent(error: ServiceError): boolean {
  const { code, details } = error;
  switch (code) {
    case status.UNAVAILABLE:
      return (
        details.startsWith("No connection established") ||
        details.startsWith("Name resolution failed") ||
        // HTTP/2 REFUSED_STREAM promises that the server has not looked at the request.
        details === "Stream refused by server"
      );
    case status.INTERNAL:
      return details.startsWith("Failed to start HTTP/2 stream");
    case status.DEADLINE_EXCEEDED:
      // The client library tells where the call stood; without a connection it had not begun.
      return (
        details.endsWith("Waiting for LB pick") || details.endsWith("waiting for name resolution")
      );
    default:
      return false;
  }
}

/** Whether another member may do better: the fault lies in this one, or on the way to it. */
export function blamesMember({ code }: ServiceError): boolean {
  return (
    code === status.UNAVAILABLE ||
    code === status.DEADLINE_EXCEEDED ||
    code === status.CANCELLED ||
    code === status.INTERNAL
  );
}

/** What an error means for a write. */
export function writeFailure(error: ServiceError): Rejected | StoreFailure {
  const message = `${status[error.code] ?? error.code}: ${error.details}`;
  const reason = rejections[error.details];
  if (reason !== undefined) return { kind: "rejected", reason, message };
  if (error.details.startsWith(serverTransportLimit)) {
    return { kind: "rejected", reason: "too-large", message };
  }
  return definite(error) ? { kind: "unavailable", message } : { kind: "unknown", message };
}

/** What an error means for a call that cannot be rejected for its content. */
export function plainFailure(error: ServiceError): StoreFailure {
  const failure = writeFailure(error);
  return failure.kind === "rejected" ? { kind: "unavailable", message: failure.message } : failure;
}

function definite(error: ServiceError): boolean {
  return refusals.has(error.details) || neverSent(error);
}
