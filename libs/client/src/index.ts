export type { Span, SpanAttributes, Tracer } from "@holdfast/base/tracer";
export type { LockState, Tenant } from "@holdfast/core/command/outcome";
export { FencingGuard } from "@holdfast/core/fencing/guard";
export type { ManyResult } from "./acquire-many.ts";
export type { HeldEntry } from "./directory.ts";
export type { Duration } from "./duration.ts";
export type { GrantHandle } from "./grant-handle.ts";
export { parseHandle, printHandle } from "./grant-handle.ts";
export { Holdfast } from "./holdfast.ts";
export type { HoldfastClient } from "./holdfast-client.ts";
export { type ErrorCode, type ErrorDetails, HoldfastError } from "./holdfast-error.ts";
export type { LeasedGrant } from "./leased-locks.ts";
export type { ListOptions } from "./list-locks.ts";
export type {
  Lock,
  LockScope,
  LockStanding,
  LockStateChange,
  ReleaseResult,
  TryResult,
} from "./lock.ts";
export { LockLostError, type LostWhy } from "./lock-lost-error.ts";
export type {
  AcquireOptions,
  ClientOptions,
  ClientTlsOptions,
  LockOptions,
  ReadOptions,
} from "./options.ts";
export type { WatchEvent, WatchOptions } from "./watch-locks.ts";
