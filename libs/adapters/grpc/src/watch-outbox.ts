import type { GrantId } from "@holdfast/base/ids";
import type { LockEvent } from "@holdfast/core/lock/lock-event";

/** Events kept for a client that reads slowly; past it they are dropped, and the client is told. */
const eventsKeptMax = 10_000;
/** Events of one message: a hundred of the largest are half of what a message may be. */
const eventsPerMessageMax = 100;

/**
 * The events of one watch on their way out: those of one turn of the event loop together, and while
 * the transport is busy they gather, up to a bound.
 */
export class WatchOutbox {
  readonly #region: string;
  readonly #send: (events: readonly LockEvent[], done: () => void) => void;
  #events: LockEvent[] = [];
  #busy = false;
  #scheduled = false;
  #closed = false;

  constructor(region: string, send: (events: readonly LockEvent[], done: () => void) => void) {
    this.#region = region;
    this.#send = send;
  }

  add(event: LockEvent): void {
    if (this.#closed) return;
    if (this.#events.length >= eventsKeptMax) this.#events = [restarted(this.#region, event.shard)];
    this.#events.push(event);
    if (this.#busy || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true;
    this.#events = [];
  }

  #flush(): void {
    if (this.#busy || this.#closed || this.#events.length === 0) return;
    this.#busy = true;
    this.#send(this.#events.splice(0, eventsPerMessageMax), () => {
      this.#busy = false;
      this.#flush();
    });
  }
}

/** Says that events may be missing before it. */
function restarted(region: string, shard: string): LockEvent {
  return {
    kind: "WatchRestarted",
    lock: { region, namespace: "", name: "" },
    tenant: {
      grantId: "" as GrantId,
      mode: "exclusive",
      owner: "",
      metadata: {},
      token: 0n,
      ageMs: 0,
      hasSession: false,
      ttlMs: 0,
    },
    shard,
    revision: 0n,
  };
}
