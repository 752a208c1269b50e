/** A string that names one kind of thing, so that two kinds cannot be mixed up. */
type Named<Kind extends string> = string & { readonly __kind: Kind };

/**
 * A client's liveness; an unguessable secret of 128 bits. Never log it whole: {@link maskSession}.
 */
export type SessionId = Named<"session">;
/** One tenure of a lock, or one place in its queue: 22 characters of base64url. */
export type GrantId = Named<"grant">;
/** What a caller chose to make a repeat of its request recognisable. */
export type RequestId = Named<"request">;
/** A lease of one etcd cluster, chosen by etcd; 0 is no lease. Never reused. */
export type LeaseId = bigint & { readonly __kind: "lease" };

/** Enough of a session id to recognise it in a log, too little to use it. */
export function maskSession(session: string): string {
  return `${session.slice(0, 6)}…`;
}
