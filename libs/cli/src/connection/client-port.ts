import type { ChainHead } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import type { ClientTlsOptions } from "@holdfast/client/options";
import type { Consistency, Scope } from "@holdfast/core/command/command";
import type { RegionVote } from "@holdfast/core/command/outcome";
import type { LockEventKind } from "@holdfast/core/lock/lock-event";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { Handle } from "../input/handle.ts";

/**
 * What the CLI needs of the SDK, and no more. Methods reject with `CliError` alone, so that a
 * command never looks at another package's errors.
 */
export interface ClientPort {
  /** The region of local locks: as asked for, else that of the endpoint first connected to. */
  readonly region: string;
  /** Takes a lock with a ttl of its own, which stays held when the process ends. */
  acquireLeased(request: AcquireRequest): Promise<LeasedOutcome>;
  /** Takes a lock under this process's session, renewed until released. */
  acquireHeld(request: AcquireRequest): Promise<HeldOutcome>;
  release(handle: Handle): Promise<void>;
  renew(handle: Handle, ttlMs: number): Promise<{ readonly validForMs: number }>;
  /** Linearizable if it is left out how; so is whatever a command goes by. */
  get(name: string, scope: Scope, consistency?: Consistency): Promise<LockView>;
  /** The holders of locks whose names begin with `prefix`, read page by page. */
  list(
    prefix: string,
    pageSize: number,
    scope: Scope,
    consistency: Consistency,
  ): AsyncIterable<ListEntry>;
  /** Ends when `signal` aborts. */
  watch(query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Page by page as they are read. */
  sessions(pageSize: number): AsyncIterable<SessionView>;
  shards(): Promise<readonly ShardView[]>;
  locate(name: string): Promise<LocationView>;
  regions(): Promise<readonly RegionView[]>;
  /** Admits a region again that lost its data; ends when that is done. */
  readmit(region: string): AsyncIterable<ReadmissionView>;
  version(): Promise<VersionView>;
  close(): Promise<void>;
}

/** Connects to the first endpoint that answers; rejects with `CliError`. */
export type Connect = (options: ConnectOptions) => Promise<ClientPort>;

/** Where to connect and what names mean. */
export interface ConnectOptions {
  /** `host:port`, at least one. */
  readonly endpoints: readonly string[];
  readonly namespace: string;
  readonly region?: string | undefined;
  /** Plain text where it is absent. */
  readonly tls?: ClientTlsOptions | undefined;
}

/** A lock with its own ttl, or under a session of that ttl. */
export interface AcquireRequest {
  readonly name: string;
  readonly scope: Scope;
  readonly ttlMs: number;
  readonly mode: Mode;
  /** 0 is a try. */
  readonly waitMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** The place in the queue, 1 being the head. */
  readonly onPosition?: ((position: number) => void) | undefined;
}

/** Why an acquire that reached a decision did not get the lock. */
export interface Refusal {
  readonly kind: "held" | "timeout" | "cancelled";
  readonly holders: readonly TenantView[];
  readonly queueLength: number;
  readonly retryAfterMs?: number | undefined;
}

/** What {@link ClientPort.acquireLeased} came to. */
export type LeasedOutcome =
  | { readonly kind: "granted"; readonly grant: GrantView; readonly handle: Handle }
  | Refusal;

/** What {@link ClientPort.acquireHeld} came to. */
export type HeldOutcome = { readonly kind: "granted"; readonly held: Held } | Refusal;

/** A lock this process holds; renewed by itself. */
export interface Held {
  readonly region: string;
  readonly token: bigint;
  /** Aborts when the lock is lost, before anybody else can have it. */
  readonly lost: AbortSignal;
  /** Never rejects. `not-held`: it was lost before; `unknown`: no answer, its ttl ends it. */
  release(): Promise<"released" | "not-held" | "unknown">;
}

/** One tenure of a lock. */
export interface GrantView {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly mode: Mode;
  readonly grantId: string;
  readonly token: bigint;
  readonly validForMs: number;
}

/** A holder or a waiter. */
export interface TenantView {
  readonly grantId: string;
  readonly mode: Mode;
  readonly owner: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** 0 for a waiter. */
  readonly token: bigint;
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly hasSession: boolean;
}

/** Who holds a lock and who waits for it. */
export interface LockView {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly shard: string;
  readonly slot: number;
  readonly holders: readonly TenantView[];
  readonly waiters: readonly TenantView[];
  readonly holderCount: number;
  readonly waiterCount: number;
  /** Of a global lock: what each region says. */
  readonly votes?: readonly RegionVote[];
  /** How long ago it was read, where it came from a cache. */
  readonly ageMs?: number;
}

/** A held lock and one of its holders: a shared lock may appear several times. */
export interface ListEntry {
  readonly name: string;
  readonly holder: TenantView;
}

/** One lock, or all with a prefix. */
export interface WatchQuery {
  readonly name: string;
  readonly scope: Scope;
  readonly prefix: boolean;
  /** Begin with an event for each current holder. */
  readonly withCurrent: boolean;
}

/** Something happened to a lock, or the watch may have missed something. */
export type WatchEvent =
  | {
      readonly kind: Exclude<LockEventKind, "WatchRestarted">;
      readonly region: string;
      readonly namespace: string;
      readonly name: string;
      readonly tenant: TenantView;
      readonly shard: string;
      readonly revision: bigint;
    }
  | { readonly kind: "WatchRestarted"; readonly region: string; readonly why: string };

/** A session's presence in one shard, masked. */
export interface SessionView {
  /** Enough to recognise it, too little to use it. */
  readonly maskedId: string;
  readonly shard: string;
  readonly remainingMs: number;
  readonly holderCount: number;
  readonly waiterCount: number;
}

/** A shard of the region and its store. */
export interface ShardView {
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly reachable: boolean;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
  /** Of a linearizable read. */
  readonly roundTripMs: number;
  readonly epoch: number;
  readonly revision: bigint;
  readonly slotCount: number;
  readonly members: readonly MemberView[];
  /** The last record of its history that certainly is in the log. */
  readonly written?: ChainHead | undefined;
  /** Why that is not known; empty when it is. */
  readonly writtenProblem: string;
}

/** One server of a shard's store. */
export interface MemberView {
  readonly endpoint: string;
  readonly reachable: boolean;
  readonly leader: boolean;
  readonly version: string;
  readonly databaseBytes: number;
  readonly problem: string;
}

/** Where a lock lies. */
export interface LocationView {
  readonly region: string;
  readonly slot: number;
  readonly shard: string;
  readonly placementVersion: number;
}

/** A region as the connected router sees it. */
export interface RegionView {
  readonly name: string;
  /** The region of the router that says so. */
  readonly local: boolean;
  readonly endpoints: readonly string[];
  readonly reachable: boolean;
  readonly roundTripMs: number;
  readonly problem: string;
  /** Its part in the global tier; absent where the router has no coordinator. */
  readonly global?: GlobalMemberView | undefined;
}

/** A region's part in the global tier, as the router's coordinator sees it. */
export interface GlobalMemberView {
  readonly reachable: boolean;
  readonly roundTripMs: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
  /** Which data it has. */
  readonly incarnation: string;
  readonly generation: number;
  /** Its answers count. */
  readonly votes: boolean;
}

/** How far a re-admission is. */
export interface ReadmissionView {
  readonly registersCopied: number;
  readonly step: string;
  readonly done: boolean;
  /** The generation it is admitted under; 0 before it is done. */
  readonly generation: number;
}

/** What a router says of itself. */
export interface VersionView {
  readonly version: string;
  readonly cluster: string;
  readonly region: string;
  readonly routerId: string;
  /** `etcd`, or `memory`, which survives nothing. */
  readonly store: string;
  readonly uptimeMs: number;
}
