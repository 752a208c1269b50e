import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import {
  ConnectResponseReader,
  type ServerEvent,
  type ServerHello,
} from "@holdfast/api/codec/connect-response";
import { grpcCodes } from "@holdfast/api/failure-status";
import { failure } from "@holdfast/base/failure";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import type { Connection, ConnectionListener } from "../transport.ts";
import { CommandOutput } from "./command-output.ts";

/** A command without an answer. */
interface Pending {
  readonly resolve: (outcome: Outcome) => void;
  readonly onPosition: ((position: number) => void) | undefined;
  readonly onLeases: ((leases: readonly SessionLease[]) => void) | undefined;
}

/** Decoding keeps no state between messages, so one serves all connections. */
const reader = new ConnectResponseReader();

/** One stream of `SessionService.Connect`. */
export class GrpcConnection implements Connection {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #listener: ConnectionListener;
  readonly #onHello: (hello: ServerHello) => void;
  readonly #onEnded: (foreign: boolean) => void;
  readonly #output: CommandOutput;
  readonly #pending = new Map<number, Pending>();
  #region: string | undefined;
  #nextId = 1;
  #ended = false;

  /**
   * Says hello at once. `onHello`: the router has answered; `onEnded`: nothing more will come, and
   * whether what answered is no router at all.
   */
  constructor(
    stream: ClientDuplexStream<Buffer, Buffer>,
    listener: ConnectionListener,
    client: { readonly name: string; readonly version: string },
    onHello: (hello: ServerHello) => void,
    onEnded: (foreign: boolean) => void,
  ) {
    this.#stream = stream;
    this.#listener = listener;
    this.#onHello = onHello;
    this.#onEnded = onEnded;
    this.#output = new CommandOutput((bytes, done) => stream.write(bytes, done));
    stream.on("data", (bytes: Buffer) => this.#read(bytes));
    stream.on("error", (error: ServiceError) =>
      this.#end(error.details || error.message, error.code === grpcCodes.UNIMPLEMENTED),
    );
    stream.on("end", () => this.#end("the router ended the stream"));
    this.#output.hello(client.name, client.version);
  }

  get region(): string {
    return this.#region ?? "";
  }

  send<C extends Command>(
    command: C,
    onPosition?: (position: number) => void,
    onLeases?: (leases: readonly SessionLease[]) => void,
  ): Promise<OutcomeOf<C>> {
    if (this.#ended) {
      return Promise.resolve(failure("UNKNOWN_OUTCOME", "The connection broke.") as OutcomeOf<C>);
    }
    if (this.#pending.size >= limits.commandsInFlightMax) {
      const message = `${limits.commandsInFlightMax} commands wait for their answers already.`;
      return Promise.resolve(failure("RATE_LIMITED", message) as OutcomeOf<C>);
    }
    return new Promise((resolve) => {
      const id = this.#takeId();
      const answer = resolve as (outcome: Outcome) => void;
      this.#pending.set(id, { resolve: answer, onPosition, onLeases });
      this.#output.add(id, command);
    });
  }

  close(): void {
    this.#end("closed by the client");
  }

  /** The next number that no pending command has: a wait may outlive four billion others. */
  #takeId(): number {
    while (this.#pending.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    return id;
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return;
    const content = reader.read(bytes);
    if (content === undefined || (content.hello === undefined) === (this.#region === undefined)) {
      const greeted = this.#region !== undefined;
      this.#end(greeted ? "what came is no answer of a Holdfast router" : "it said no hello", true);
      return;
    }
    if (content.hello !== undefined) {
      this.#region = content.hello.region;
      this.#onHello(content.hello);
    }
    // An event that concerns a command of this message was sent before its result.
    for (const event of content.events) this.#hear(event);
    for (const { id, outcome } of content.results) {
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      this.#pending.delete(id);
      pending.resolve(outcome);
    }
  }

  #hear(event: ServerEvent): void {
    switch (event.kind) {
      case "queue-position":
        this.#pending.get(event.id)?.onPosition?.(event.position);
        return;
      case "place-leases":
        this.#pending.get(event.id)?.onLeases?.(event.leases);
        return;
      case "go-away": {
        const { drainMs, reconnect } = event;
        this.#listener.onEvent({ kind: "go-away", drainMs, reconnect });
        return;
      }
      case "grant-lost":
      case "session-lost":
        this.#listener.onEvent(event);
        return;
    }
  }

  #end(reason: string, foreign = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#output.close();
    this.#stream.cancel();
    const unknown = failure("UNKNOWN_OUTCOME", `The connection broke: ${reason}.`);
    for (const { resolve } of this.#pending.values()) resolve(unknown);
    this.#pending.clear();
    this.#onEnded(foreign);
    this.#listener.onClosed(reason);
  }
}
