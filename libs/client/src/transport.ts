import type { Failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";

/**
 * How commands reach a router. The logic of the client knows nothing else of the network, so it
 * runs the same over gRPC and over the simulation's faulty network.
 */
export interface Transport {
  /**
   * Opens a connection to the router at `endpoint` (`host:port`). Never rejects; settles within a
   * bound of its own. The caller closes a connection that comes too late to be wanted.
   */
  connect(endpoint: string, listener: ConnectionListener): Promise<ConnectReply>;
}

/**
 * A failure here means that nothing was sent; UNIMPLEMENTED, that what answers is no router, and
 * UNAUTHENTICATED, that one side does not believe the other: neither is mended by waiting.
 */
export type ConnectReply =
  | { readonly kind: "connected"; readonly connection: Connection }
  | Failure;

/** A way to one router, until either side closes it. */
export interface Connection {
  /** The region of the router at the other end. */
  readonly region: string;
  /**
   * Sends a command at once, before it returns, and resolves with its answer, whenever that comes:
   * there is no timeout here. Never rejects. If the connection ends first the answer is
   * UNKNOWN_OUTCOME, because the command may have been carried out, or still be.
   *
   * `onPosition` hears the place in the queue (1 is the head) of an acquire that waits, `onLeases`
   * the leases that the place hangs on, all of them each time.
   */
  send<C extends Command>(
    command: C,
    onPosition?: (position: number) => void,
    onLeases?: (leases: readonly SessionLease[]) => void,
  ): Promise<OutcomeOf<C>>;
  /** Answers everything pending with UNKNOWN_OUTCOME, then calls `onClosed` once. Idempotent. */
  close(): void;
}

/** Hears what a router says unasked. */
export interface ConnectionListener {
  onEvent(event: ConnectionEvent): void;
  /** Once, after every pending answer was settled. `reason` is for people. */
  onClosed(reason: string): void;
}

/** What a router says unasked. A hint that comes early: its absence means nothing. */
export type ConnectionEvent =
  /** A grant of this client was force-released. */
  | { readonly kind: "grant-lost"; readonly lock: LockId; readonly grantId: GrantId }
  /** A session of this client was ended by somebody else. */
  | { readonly kind: "session-lost"; readonly session: SessionId }
  /**
   * The connection ends in `drainMs`: connect anew and repeat there what waits. With `reconnect` it
   * is only old, and the same endpoint is as good as ever; without it the router stops.
   */
  | { readonly kind: "go-away"; readonly drainMs: number; readonly reconnect: boolean };
