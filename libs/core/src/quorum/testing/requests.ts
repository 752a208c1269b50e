import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { AcquireGlobal } from "../register-command.ts";
import type { GlobalHolder, GlobalRequest } from "../register-value.ts";

/** The session that {@link requestOf} uses. */
export function sessionOf(name: string): SessionId {
  return `session of ${name}` as SessionId;
}

/** An exclusive request with `name` for its grant id and owner, and a session of its own. */
export function requestOf(name: string, more: Partial<GlobalRequest> = {}): GlobalRequest {
  return {
    grantId: name as GrantId,
    session: sessionOf(name),
    region: "east",
    ttlMs: 15_000,
    mode: "exclusive",
    owner: name,
    metadata: {},
    atMs: 0,
    ...more,
  };
}

/** Tries for the lock once, unless `more` says otherwise. */
export function acquireOf(name: string, more: Partial<AcquireGlobal> = {}): AcquireGlobal {
  return { kind: "acquire", request: requestOf(name), wait: false, mayBeGranted: false, ...more };
}

/** One that has the lock under the first token there is. */
export function holderOf(name: string, more: Partial<GlobalHolder> = {}): GlobalHolder {
  return { ...requestOf(name), token: 1n << 20n, ...more };
}
