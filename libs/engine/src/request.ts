import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { LockId } from "@holdfast/core/lock/lock-id";

/** A request as those see it who clean up after it. */
export interface Request {
  readonly lock: LockId;
  readonly grantId: GrantId;
  readonly session?: SessionId;
  readonly ttlMs?: number;
  /** The revision at which this router itself wrote the request's place once more, if it did. */
  readonly claimedAt?: bigint;
}

/** What is left to know of an acquire when it is to be ended. */
export function requestOf({
  command,
  grantId,
}: {
  readonly command: AcquireCommand;
  readonly grantId: GrantId;
}): Request {
  const { lock, session, ttlMs } = command;
  return {
    lock,
    grantId,
    ...(session === undefined ? {} : { session }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  };
}
