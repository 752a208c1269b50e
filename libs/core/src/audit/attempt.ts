import type { FailureCode } from "@holdfast/base/failure";
import type { Command } from "../command/command.ts";
import { type LockId, printLock } from "../lock/lock-id.ts";
import { sessionReference } from "./session-reference.ts";

/** The version of the form that {@link encodeAttempt} writes. */
const version = 1;

/**
 * Somebody asked for something and did not get it. Most of these leave no trace in etcd, so they
 * are no part of its history or of any hash chain: a router tells what it remembers.
 */
export interface Attempt {
  /** The router that was asked; with the number it is the attempt's identity. */
  readonly router: string;
  /** From 1, one more for each attempt, also for those that were dropped: a hole is one of them. */
  readonly number: number;
  /** By the router's own wall clock, in milliseconds since 1970. */
  readonly atMs: number;
  readonly region: string;
  readonly asked: Command["kind"] | "list" | "watch";
  /** What came of it instead. */
  readonly outcome: AttemptOutcome;
  readonly lock?: LockId;
  /** Up to 256 bytes of UTF-8. */
  readonly owner?: string;
  /** Its reference (session-reference.ts), never its id. */
  readonly session?: string;
  /** Of an acquire: how long it would have waited. */
  readonly waitMs?: number;
}

/** Why somebody did not get it: somebody else has it, the wait was over, or a failure. */
export type AttemptOutcome = "held" | "timeout" | "deadlock" | FailureCode;

/** What a command tells of itself in an attempt. */
export function attemptOf(
  command: Command,
): Pick<Attempt, "asked" | "lock" | "owner" | "session" | "waitMs"> {
  const session = "session" in command ? command.session : undefined;
  return {
    asked: command.kind,
    ...("lock" in command ? { lock: command.lock } : {}),
    ...(command.kind === "acquire" ? { owner: command.owner, waitMs: command.waitMs } : {}),
    ...(command.kind === "force-release" ? { owner: command.actor } : {}),
    ...(session === undefined ? {} : { session: sessionReference(session) }),
  };
}

/** One line of JSON without its end; the lock stands in it as `region/namespace/name`. */
export function encodeAttempt(attempt: Attempt): string {
  const { lock, ...rest } = attempt;
  return JSON.stringify({
    v: version,
    ...rest,
    ...(lock === undefined ? {} : { lock: printLock(lock) }),
  });
}
