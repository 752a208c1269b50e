import type { FailureCode } from "@holdfast/base/failure";
import type { Consistency, Scope } from "@holdfast/core/command/command";
import type { LockEventKind } from "@holdfast/core/lock/lock-event";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { FailureCode as WireFailureCode } from "../generated/holdfast/v1/failure.ts";
import {
  Consistency as WireConsistency,
  LockEventKind as WireLockEventKind,
  Mode as WireMode,
  Scope as WireScope,
} from "../generated/holdfast/v1/lock.ts";

/** The wire's number for a mode. */
export function modeNumber(mode: Mode): WireMode {
  return mode === "exclusive" ? WireMode.MODE_EXCLUSIVE : WireMode.MODE_SHARED;
}

/** Undefined for 0 and for a number that means nothing here. */
export function modeOf(number: number): Mode | undefined {
  if (number === WireMode.MODE_EXCLUSIVE) return "exclusive";
  return number === WireMode.MODE_SHARED ? "shared" : undefined;
}

/** The wire's number for a scope. */
export function scopeNumber(scope: Scope): WireScope {
  return scope === "local" ? WireScope.SCOPE_LOCAL : WireScope.SCOPE_GLOBAL;
}

/** Undefined for 0 and for a number that means nothing here. */
export function scopeOf(number: number): Scope | undefined {
  if (number === WireScope.SCOPE_LOCAL) return "local";
  return number === WireScope.SCOPE_GLOBAL ? "global" : undefined;
}

/** The wire's number for a consistency. */
export function consistencyNumber(consistency: Consistency): WireConsistency {
  return consistency === "cached"
    ? WireConsistency.CONSISTENCY_CACHED
    : WireConsistency.CONSISTENCY_LINEARIZABLE;
}

/** Undefined for 0 and for a number that means nothing here. */
export function consistencyOf(number: number): Consistency | undefined {
  if (number === WireConsistency.CONSISTENCY_LINEARIZABLE) return "linearizable";
  return number === WireConsistency.CONSISTENCY_CACHED ? "cached" : undefined;
}

const eventKinds: Record<LockEventKind, WireLockEventKind> = {
  LockAcquired: WireLockEventKind.LOCK_EVENT_KIND_LOCK_ACQUIRED,
  LockRenewed: WireLockEventKind.LOCK_EVENT_KIND_LOCK_RENEWED,
  LockEnded: WireLockEventKind.LOCK_EVENT_KIND_LOCK_ENDED,
  WaiterQueued: WireLockEventKind.LOCK_EVENT_KIND_WAITER_QUEUED,
  WaiterLeft: WireLockEventKind.LOCK_EVENT_KIND_WAITER_LEFT,
  WatchRestarted: WireLockEventKind.LOCK_EVENT_KIND_WATCH_RESTARTED,
};
const eventKindsByNumber = inverse(eventKinds);

/** The wire's number for what happened to a lock. */
export function eventKindNumber(kind: LockEventKind): WireLockEventKind {
  return eventKinds[kind];
}

/** Undefined for 0 and for a number that means nothing here. */
export function eventKindOf(number: number): LockEventKind | undefined {
  return eventKindsByNumber.get(number);
}

const failureCodes: Record<FailureCode, WireFailureCode> = {
  INVALID_ARGUMENT: WireFailureCode.FAILURE_CODE_INVALID_ARGUMENT,
  UNAUTHENTICATED: WireFailureCode.FAILURE_CODE_UNAUTHENTICATED,
  PERMISSION_DENIED: WireFailureCode.FAILURE_CODE_PERMISSION_DENIED,
  NOT_HELD: WireFailureCode.FAILURE_CODE_NOT_HELD,
  LOST: WireFailureCode.FAILURE_CODE_LOST,
  SESSION_EXPIRED: WireFailureCode.FAILURE_CODE_SESSION_EXPIRED,
  FENCED_OUT: WireFailureCode.FAILURE_CODE_FENCED_OUT,
  RATE_LIMITED: WireFailureCode.FAILURE_CODE_RATE_LIMITED,
  QUOTA_EXCEEDED: WireFailureCode.FAILURE_CODE_QUOTA_EXCEEDED,
  TOO_MANY_WAITERS: WireFailureCode.FAILURE_CODE_TOO_MANY_WAITERS,
  CONTENDED: WireFailureCode.FAILURE_CODE_CONTENDED,
  SLOT_MOVING: WireFailureCode.FAILURE_CODE_SLOT_MOVING,
  NO_QUORUM: WireFailureCode.FAILURE_CODE_NO_QUORUM,
  SHARD_UNAVAILABLE: WireFailureCode.FAILURE_CODE_SHARD_UNAVAILABLE,
  UNIMPLEMENTED: WireFailureCode.FAILURE_CODE_UNIMPLEMENTED,
  UNKNOWN_OUTCOME: WireFailureCode.FAILURE_CODE_UNKNOWN_OUTCOME,
};
const failureCodesByNumber = inverse(failureCodes);

/** The wire's number for a failure. */
export function failureCodeNumber(code: FailureCode): WireFailureCode {
  return failureCodes[code];
}

/** Undefined for 0 and for a number that means nothing here. */
export function failureCodeOf(number: number): FailureCode | undefined {
  return failureCodesByNumber.get(number);
}

function inverse<Name extends string>(numbers: Record<Name, number>): Map<number, Name> {
  return new Map(Object.entries<number>(numbers).map(([name, number]) => [number, name as Name]));
}
