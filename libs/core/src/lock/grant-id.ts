import { digest132 } from "@holdfast/base/digest";
import type { GrantId, RequestId, SessionId } from "@holdfast/base/ids";

/**
 * The grant a request gets if it gets one: the same for every repeat, and not to be guessed by
 * others. It is no secret, though: whoever reads the lock is shown it. Without a session the
 * request id must be a random UUID, or two callers could share a grant.
 */
export function grantIdOf(session: SessionId | undefined, requestId: RequestId): GrantId {
  return digest132(`${session ?? ""}\0${requestId}`) as GrantId;
}
