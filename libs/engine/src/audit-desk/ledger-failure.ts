import { type Failure, failure } from "@holdfast/base/failure";
import type { NotDone } from "../ports/ledger.ts";

/** What whoever asked is told where the ledger did not answer. */
export function ledgerFailure(reply: NotDone): Failure {
  if (reply.kind === "refused" && reply.reason === "invalid") {
    return failure("INVALID_ARGUMENT", `The record cannot be asked so: ${reply.message}.`);
  }
  return failure("SHARD_UNAVAILABLE", `The record's store does not answer: ${reply.message}.`, {
    retryAfterMs: 1_000,
  });
}
