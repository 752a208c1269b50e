import { Cancellation } from "@holdfast/base/cancellation";
import type { Random } from "@holdfast/base/random";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import type { SessionEndEntry, ToldEntry } from "@holdfast/simulator/history/history";
import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { SimulatedNetwork } from "@holdfast/simulator/kernel/simulated-network";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";

/** The part of a router that a stream of commands needs. */
export interface Executor {
  execute(command: Command, call: Call): Promise<Outcome>;
}

/** The client's side of a connection, as a router reaches it. */
export interface ClientSide {
  break(reason: string): void;
  breakSoon(delayMs: number): void;
  onAnswer(id: number, outcome: Outcome): void;
  onPosition(id: number, position: number): void;
  onLeases(id: number, leases: readonly SessionLease[]): void;
}

/**
 * What serves a router's connections: the stream handler of the real server, over the simulation.
 */
export class RouterHost {
  readonly process: SimulatedProcess;
  readonly region: string;
  readonly tier: Executor;
  readonly #network: SimulatedNetwork;
  readonly #recorder: HistoryRecorder;
  readonly #ends = new Set<ServerEnd>();

  constructor(
    process: SimulatedProcess,
    region: string,
    tier: Executor,
    network: SimulatedNetwork,
    recorder: HistoryRecorder,
  ) {
    this.process = process;
    this.region = region;
    this.tier = tier;
    this.#network = network;
    this.#recorder = recorder;
  }

  accept(client: ClientSide, clientName: string): ServerEnd {
    const end = new ServerEnd(this, client, clientName, this.#network);
    this.#ends.add(end);
    return end;
  }

  forget(end: ServerEnd): void {
    this.#ends.delete(end);
  }

  /** Every connection breaks; its client, or those who run on, learn of it. */
  breakConnections(reason: string): void {
    for (const end of [...this.#ends]) end.break(reason);
  }

  /** The connections of one client break. */
  breakConnectionsOf(clientName: string, reason: string): void {
    for (const end of [...this.#ends]) if (end.clientName === clientName) end.break(reason);
  }

  get historyLength(): number {
    return this.#recorder.entries.length;
  }

  /** Records what a definite answer claims, as it is sent. */
  told(command: Command, outcome: Outcome, arrivedOrder: number): void {
    const said = { router: this.process.name, arrivedOrder };
    const claim = claimOf(command, outcome);
    if (claim !== undefined) this.#recorder.add({ kind: "told", ...said, ...claim });
    for (const end of sessionEndsIn(command, outcome)) {
      this.#recorder.add({ kind: "session-end", ...said, ...end });
    }
  }
}

/** The router's end of a connection. */
export class ServerEnd {
  readonly clientName: string;
  readonly #host: RouterHost;
  readonly #client: ClientSide;
  readonly #network: SimulatedNetwork;
  readonly #calls = new Set<Cancellation>();
  #closed = false;
  #breaking = false;

  constructor(host: RouterHost, client: ClientSide, clientName: string, network: SimulatedNetwork) {
    this.#host = host;
    this.#client = client;
    this.clientName = clientName;
    this.#network = network;
  }

  /** A command arrived, perhaps for the second time. */
  onCommand(id: number, command: Command): void {
    if (this.#closed) return;
    const cancellation = new Cancellation();
    this.#calls.add(cancellation);
    const call = {
      cancellation,
      hops: 0,
      onCallerLost: "keep" as const,
      onPosition: (position: number) => this.#toClient(() => this.#client.onPosition(id, position)),
      onLeases: (leases: readonly SessionLease[]) =>
        this.#toClient(() => this.#client.onLeases(id, leases)),
    };
    const arrivedOrder = this.#host.historyLength;
    void this.#host.tier.execute(command, call).then((outcome) => {
      this.#calls.delete(cancellation);
      if (this.#closed) return;
      this.#host.told(command, outcome, arrivedOrder);
      this.#toClient(() => this.#client.onAnswer(id, outcome));
    });
  }

  onClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.forget(this);
    for (const call of [...this.#calls]) call.cancel();
  }

  /**
   * The connection is torn: this end hears of it if its process runs, the other one if its does.
   */
  break(reason: string): void {
    this.#host.process.deliver(() => this.onClosed());
    this.#client.break(reason);
  }

  /** Something was lost: each end finds out by itself, as a stream does that gets no answers. */
  breakSoon(): void {
    if (this.#breaking) return;
    this.#breaking = true;
    const { process } = this.#host;
    process.schedule(noticeMs(process.random), () => this.onClosed());
    this.#client.breakSoon(noticeMs(process.random));
  }

  #toClient(arrive: () => void): void {
    if (!this.#network.send(this.#host.process.name, this.clientName, arrive)) this.breakSoon();
  }
}

/** How long a stream takes to find out that nothing gets through. */
function noticeMs(random: Random): number {
  return 50 + 3_000 * random.next();
}

type Claim = Omit<ToldEntry, "atMs" | "kind" | "router" | "arrivedOrder">;

function claimOf(command: Command, outcome: Outcome): Claim | undefined {
  switch (command.kind) {
    case "acquire": {
      if (outcome.kind !== "granted") return undefined;
      const { grantId, token } = outcome.grant;
      return { what: "granted", lock: nameOf(command), grantId, token, forGood: false };
    }
    case "release": {
      const what = outcome.kind === "released" ? "released" : notHeld(outcome);
      if (what === undefined) return undefined;
      const { grantId, token } = command;
      return { what, lock: nameOf(command), grantId, token, forGood: command.repeated };
    }
    case "cancel": {
      if (outcome.kind !== "cancelled") return undefined;
      const { grantId } = command;
      return { what: "cancelled", lock: nameOf(command), grantId, token: 0n, forGood: true };
    }
    default:
      return undefined;
  }
}

type End = Omit<SessionEndEntry, "atMs" | "kind" | "router" | "arrivedOrder">;

/** Which sessions, or leases of one, the answer says have ended. */
function sessionEndsIn(command: Command, outcome: Outcome): End[] {
  const session = "session" in command ? command.session : undefined;
  if (session === undefined) return [];
  if (outcome.kind === "heartbeat") {
    return outcome.leases
      .filter(({ validForMs, unknown }) => validForMs === 0 && !unknown)
      .map(({ lease }) => ({ session, shard: lease.shard, lease: lease.leaseId }));
  }
  if (outcome.kind !== "failure" || outcome.code !== "SESSION_EXPIRED") return [];
  const shard = outcome.shard ?? "";
  return [{ session, shard: shard.slice(shard.indexOf("/") + 1), lease: 0n }];
}

function notHeld(outcome: Outcome): "not-held" | undefined {
  return outcome.kind === "failure" && outcome.code === "NOT_HELD" ? "not-held" : undefined;
}

function nameOf(command: { readonly lock: LockId }): string {
  return `${command.lock.namespace}/${command.lock.name}`;
}
