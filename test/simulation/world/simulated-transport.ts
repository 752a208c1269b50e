import { failure } from "@holdfast/base/failure";
import type {
  Connection,
  ConnectionEvent,
  ConnectionListener,
  ConnectReply,
  Transport,
} from "@holdfast/client/transport";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type { SimulatedNetwork } from "@holdfast/simulator/kernel/simulated-network";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { RouterHost, ServerEnd } from "./router-host.ts";

/** Where routers are to be found: an endpoint may be taken over by a restarted process. */
export type FindRouter = (endpoint: string) => RouterHost | undefined;

/**
 * Connections over the simulated network. Harsher than a real stream: commands and answers are
 * doubled and overtaken while the connection stands. What is lost breaks it, sooner or later.
 */
export class SimulatedTransport implements Transport {
  readonly #process: SimulatedProcess;
  readonly #network: SimulatedNetwork;
  readonly #findRouter: FindRouter;

  constructor(process: SimulatedProcess, network: SimulatedNetwork, findRouter: FindRouter) {
    this.#process = process;
    this.#network = network;
    this.#findRouter = findRouter;
  }

  connect(endpoint: string, listener: ConnectionListener): Promise<ConnectReply> {
    const process = this.#process;
    const network = this.#network;
    return new Promise((resolve) => {
      const refuse = () =>
        network.send(endpoint, process.name, () =>
          process.deliver(() => resolve(failure("SHARD_UNAVAILABLE", `${endpoint} refused.`))),
        );
      network.send(process.name, endpoint, () => {
        const router = this.#findRouter(endpoint);
        if (router === undefined || router.process.state === "crashed") return refuse();
        router.process.deliver(() => {
          const end = new ClientEnd(process, network, router, listener);
          network.send(endpoint, process.name, () =>
            process.deliver(() => resolve({ kind: "connected", connection: end })),
          );
        });
      });
    });
  }
}

/** The client's end of a connection. */
export class ClientEnd implements Connection {
  readonly region: string;
  readonly #process: SimulatedProcess;
  readonly #network: SimulatedNetwork;
  readonly #router: RouterHost;
  readonly #listener: ConnectionListener;
  readonly #server: ServerEnd;
  readonly #pending = new Map<number, PendingAnswer>();
  #sent = 0;
  #closed = false;

  constructor(
    process: SimulatedProcess,
    network: SimulatedNetwork,
    router: RouterHost,
    listener: ConnectionListener,
  ) {
    this.region = router.region;
    this.#process = process;
    this.#network = network;
    this.#router = router;
    this.#listener = listener;
    this.#server = router.accept(this, process.name);
  }

  send<C extends Command>(
    command: C,
    onPosition?: (position: number) => void,
    onLeases?: (leases: readonly SessionLease[]) => void,
  ): Promise<OutcomeOf<C>> {
    const unknown = failure("UNKNOWN_OUTCOME", "The connection has ended.") as OutcomeOf<C>;
    if (this.#closed) return Promise.resolve(unknown);
    const id = this.#sent++;
    return new Promise((resolve) => {
      const answer = (outcome: Outcome) => resolve(outcome as OutcomeOf<C>);
      this.#pending.set(id, { answer, onPosition, onLeases });
      this.#toRouter(() => this.#server.onCommand(id, command));
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#toRouter(() => this.#server.onClosed());
    this.#end("closed here");
  }

  /** Nothing gets through, and after a while this end notices. */
  breakSoon(delayMs: number): void {
    this.#process.schedule(delayMs, () => this.#end("timed out"));
  }

  /** The other end is gone. */
  break(reason: string): void {
    this.#process.deliver(() => this.#end(reason));
  }

  onAnswer(id: number, outcome: Outcome): void {
    this.#process.deliver(() => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.answer(outcome);
    });
  }

  onPosition(id: number, position: number): void {
    this.#process.deliver(() => this.#pending.get(id)?.onPosition?.(position));
  }

  onLeases(id: number, leases: readonly SessionLease[]): void {
    this.#process.deliver(() => this.#pending.get(id)?.onLeases?.(leases));
  }

  onEvent(event: ConnectionEvent): void {
    this.#process.deliver(() => {
      if (!this.#closed) this.#listener.onEvent(event);
    });
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { answer } of pending) answer(failure("UNKNOWN_OUTCOME", `Connection: ${reason}.`));
    // After the answers, as the port says: their callers go on first.
    queueMicrotask(() => this.#listener.onClosed(reason));
  }

  #toRouter(arrive: () => void): void {
    const router = this.#router.process;
    const sent = this.#network.send(this.#process.name, router.name, () => router.deliver(arrive));
    if (!sent) this.#server.breakSoon();
  }
}

interface PendingAnswer {
  readonly answer: (outcome: Outcome) => void;
  readonly onPosition: ((position: number) => void) | undefined;
  readonly onLeases: ((leases: readonly SessionLease[]) => void) | undefined;
}
