import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand, SessionLease } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import type { ClockReading } from "@holdfast/core/lease/validity";

/** What is asked for, whatever it will hang on. */
export type AcquireOrder = Omit<
  AcquireCommand,
  "kind" | "requestId" | "resent" | "session" | "ttlMs"
>;

/** Both clocks before a request was sent: for the first time, and the time that was answered. */
export interface SendTimes {
  readonly first: ClockReading;
  readonly own: ClockReading;
}

/** What a grant will hang on: a session, or a ttl of its own. */
export interface Tenure<T> {
  readonly sessionId: SessionId | undefined;
  /** Of the grant itself; undefined under a session. */
  readonly ownTtlMs: number | undefined;
  /** Repeats the request this often while it waits [H6]; undefined: heartbeats do that. */
  readonly repeatMs: number | undefined;
  /** How long an abandoned request is cancelled for. */
  readonly cancelMs: number;
  /**
   * Takes a grant over. `ended`: what it hangs on is gone. `unconfirmed`: worth another try after
   * {@link confirmed}.
   */
  admit(grant: Grant, sentAt: SendTimes, repeated: boolean): T | "ended" | "unconfirmed";
  /** Resolves at `untilMs`, or when there is news since `sinceMs`. */
  confirmed(untilMs: number, sinceMs: number, grant: Grant): Promise<void>;
  /** The place of a waiting request hangs on these leases. */
  placed(leases: readonly SessionLease[]): void;
  /** The request is under way, or over. */
  expect(request: { readonly grantId: GrantId }): void;
  forget(request: { readonly grantId: GrantId }): void;
  /** An answer was lost. */
  wantList(): void;
}

/** Both on the monotonic clock; the second is the later one. */
export interface AcquireTimes {
  readonly waitUntilMs: number;
  readonly giveUpMs: number;
}

/** How an acquire ended. */
export type AcquireEnd<T> =
  | { readonly kind: "admitted"; readonly value: T }
  | { readonly kind: "abandoned" }
  | Exclude<AcquireOutcome, { readonly kind: "granted" }>;

/** What an acquire and its cancel say about the tenure. */
export function underTenure(
  tenure: Tenure<unknown>,
): { session: SessionId } | { ttlMs: number } | object {
  const { sessionId, ownTtlMs } = tenure;
  if (sessionId !== undefined) return { session: sessionId };
  return ownTtlMs === undefined ? {} : { ttlMs: ownTtlMs };
}
