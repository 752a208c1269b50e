import { digest132 } from "@holdfast/base/digest";
import type { RequestId, SessionId } from "@holdfast/base/ids";

/**
 * The session of a global grant that carries its own ttl: it has no other, and a renewal is its
 * heartbeat. Made from the request id, which only its caller knows, and told apart by its first
 * character, which no other session's id begins with.
 */
export function ownSession(requestId: RequestId): SessionId {
  return `~${digest132(`own\0${requestId}`)}` as SessionId;
}

/** The session belongs to a single grant. */
export function isOwnSession(session: SessionId): boolean {
  return session.startsWith("~");
}
