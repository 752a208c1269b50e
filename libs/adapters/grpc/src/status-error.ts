import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { statusDetailsKey, statusOf } from "@holdfast/api/failure-status";
import type { Failure } from "@holdfast/base/failure";

/** The status that a call ends with because of `failure`, its rich details in the trailers. */
export function statusError(failure: Failure): StatusObject {
  const { code, message, detailsBin } = statusOf(failure);
  const metadata = new Metadata();
  metadata.set(statusDetailsKey, Buffer.from(detailsBin));
  return { code, details: message, metadata };
}
