import { failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type {
  Connection,
  ConnectionEvent,
  ConnectionListener,
  ConnectReply,
  Transport,
} from "../transport.ts";
import type { MemoryRouter } from "./memory-router.ts";

/** Connects fakes' clients to a {@link MemoryRouter}; endpoints are `region:port`. */
export class MemoryNetwork implements Transport {
  readonly #router: MemoryRouter;
  readonly #connections = new Set<MemoryConnection>();
  #cut = false;

  constructor(router: MemoryRouter) {
    this.#router = router;
  }

  connect(endpoint: string, listener: ConnectionListener): Promise<ConnectReply> {
    if (this.#cut) {
      return Promise.resolve(failure("SHARD_UNAVAILABLE", `${endpoint} is cut off.`));
    }
    const region = endpoint.slice(0, endpoint.lastIndexOf(":"));
    const connection = new MemoryConnection(this.#router, region, listener, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return Promise.resolve({ kind: "connected", connection });
  }

  /** Breaks every connection and refuses new ones until {@link mend}. */
  cut(): void {
    this.#cut = true;
    for (const connection of [...this.#connections]) connection.close();
  }

  mend(): void {
    this.#cut = false;
  }

  /** Says something unasked on every connection. */
  say(event: ConnectionEvent): void {
    for (const { listener } of [...this.#connections]) listener.onEvent(event);
  }
}

class MemoryConnection implements Connection {
  readonly region: string;
  readonly listener: ConnectionListener;
  readonly #router: MemoryRouter;
  readonly #onClosed: () => void;
  readonly #pending = new Set<(outcome: Outcome) => void>();
  #closed = false;

  constructor(
    router: MemoryRouter,
    region: string,
    listener: ConnectionListener,
    onClosed: () => void,
  ) {
    this.#router = router;
    this.region = region;
    this.listener = listener;
    this.#onClosed = onClosed;
  }

  send<C extends Command>(
    command: C,
    onPosition?: (position: number) => void,
  ): Promise<OutcomeOf<C>> {
    const answering = new Promise<Outcome>((resolve) => {
      if (this.#closed) {
        resolve(broken);
        return;
      }
      this.#pending.add(resolve);
      void Promise.resolve(this.#router.execute(command, onPosition)).then((outcome) => {
        this.#pending.delete(resolve);
        resolve(outcome);
      });
    });
    return answering as Promise<OutcomeOf<C>>;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const resolve of this.#pending) resolve(broken);
    this.#pending.clear();
    this.#onClosed();
    this.listener.onClosed("closed");
  }
}

const broken = failure("UNKNOWN_OUTCOME", "The connection broke.");
