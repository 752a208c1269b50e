import { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import { backoffMs } from "./backoff.ts";
import type { ClientPorts } from "./client-ports.ts";
import { dial, type Line } from "./dial.ts";
import type { Due, DueList } from "./due-list.ts";
import { EndpointOrder } from "./endpoint-order.ts";
import type { ConnectionEvent } from "./transport.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What the rest of the client hears of the link. */
export interface LinkListener {
  /** Another router, or the same one again, took over: what it does not know must be told. */
  onRouter(): void;
  onEvent(event: ConnectionEvent): void;
}

/** A line that was left gets this long for the answers that are nearly there. */
const lingerMs = 250;

/**
 * The one connection a client works over, to the nearest router that answers. When it ends, the
 * next router is looked for as long as somebody needs one; nobody's session depends on which it is.
 */
export class RouterLink {
  readonly #ports: ClientPorts;
  readonly #dues: DueList;
  readonly #order: EndpointOrder;
  readonly #listener: LinkListener;
  readonly #waiting: WaitingRoom;
  readonly #closing = new Cancellation();
  /** Lines that were left for another one; each is closed soon after. */
  readonly #leaving = new Set<Line>();
  #line: Line | undefined;
  #region: string | undefined;
  #demandUntilMs = Number.NEGATIVE_INFINITY;
  #searching = false;
  #lastFailed: string | undefined;
  #lastFailure: Failure | undefined;

  constructor(
    ports: ClientPorts,
    dues: DueList,
    endpoints: readonly string[],
    listener: LinkListener,
  ) {
    this.#ports = ports;
    this.#dues = dues;
    this.#waiting = new WaitingRoom(dues);
    this.#order = new EndpointOrder(endpoints);
    this.#listener = listener;
  }

  /** A router can be asked right now. */
  get connected(): boolean {
    return this.#line !== undefined;
  }

  /** The region of the router first connected to; it stays, whatever router is used later. */
  get firstRegion(): string | undefined {
    return this.#region;
  }

  /** The region of the router in use. */
  get region(): string | undefined {
    return this.#line?.connection.region;
  }

  /** The endpoint in use, or else the nearest one; after `failures` the next ones in turn. */
  endpointFor(failures: number): string {
    const endpoints = this.#order.ordered(this.#lastFailed);
    const first = Math.max(0, endpoints.indexOf(this.#line?.endpoint ?? ""));
    return endpoints[(first + failures) % endpoints.length] ?? "";
  }

  /** Why no router can be asked, as far as is known. Nothing was sent. */
  get trouble(): Failure {
    if (this.#closing.cancelled) return failure("SHARD_UNAVAILABLE", "The client is closed.");
    const tried = this.#order.ordered().join(", ");
    const last = this.#lastFailure === undefined ? "" : ` Last: ${this.#lastFailure.message}`;
    return failure("SHARD_UNAVAILABLE", `No router answers at ${tried}.${last}`);
  }

  /**
   * Asks every endpoint at once and takes the first that answers, which is the nearest; the others
   * are measured and let go. False when none answered until `untilMs`, or at once when none of them
   * is a router we believe: one may yet come up, but not where something else is.
   */
  async connect(untilMs: number): Promise<boolean> {
    const tries = this.#order.ordered().map((endpoint) => this.#try(endpoint));
    const foreign = await Promise.race([
      Promise.all(tries).then((found) => found.every((each) => each && isFinal(each))),
      this.ready(untilMs, { search: false }).then(() => false),
    ]);
    return foreign ? false : this.ready(untilMs);
  }

  /** True as soon as a router can be asked; false when none could until `untilMs`. */
  ready(untilMs: number, how: { readonly search: boolean } = { search: true }): Promise<boolean> {
    if (this.#line !== undefined) return Promise.resolve(true);
    if (this.#closing.cancelled) return Promise.resolve(false);
    if (how.search) this.demand(untilMs);
    return this.#waiting.enter(untilMs);
  }

  /** Looks for a router until `untilMs`, if there is none. */
  demand(untilMs: number): void {
    this.#demandUntilMs = Math.max(this.#demandUntilMs, untilMs);
    if (this.#line === undefined && !this.#searching) void this.#search();
  }

  /**
   * Sends at once and calls `onAnswer` with the answer, or with UNKNOWN_OUTCOME when none came in
   * `withinMs`; if the router was altogether silent meanwhile, another one is looked for.
   *
   * A callback, because this is done for every command, and a promise more for each is felt.
   */
  send<C extends Command>(
    command: C,
    withinMs: number,
    onAnswer: (outcome: OutcomeOf<C> | Failure) => void,
    onPosition?: (position: number) => void,
    onLeases?: (leases: readonly SessionLease[]) => void,
    tellsOfRouter = true,
  ): void {
    const line = this.#line;
    if (line === undefined) {
      onAnswer(this.trouble);
      return;
    }
    const { heard } = line;
    let answered = false;
    const overdue: Due = {
      dueMs: this.#ports.clock.monotonicMs() + withinMs,
      onDue: () => {
        answered = true;
        const problem = `${line.endpoint} gave no answer in ${Math.round(withinMs)} ms.`;
        onAnswer(failure("UNKNOWN_OUTCOME", problem));
        if (tellsOfRouter && line.heard === heard) this.#drop(line, problem);
      },
    };
    this.#dues.add(overdue);
    void line.connection.send(command, onPosition, onLeases).then((outcome) => {
      line.heard++;
      if (answered) return;
      this.#dues.remove(overdue);
      onAnswer(outcome);
    });
  }

  /** {@link send}, as a promise. */
  request<C extends Command>(command: C, withinMs: number): Promise<OutcomeOf<C> | Failure> {
    return new Promise((resolve) => this.send(command, withinMs, resolve));
  }

  /**
   * {@link request} for what the router passes on, to another region or to a coordinator: silence
   * there says nothing of the router, and does not have another one looked for.
   */
  relay<C extends Command>(command: C, withinMs: number): Promise<OutcomeOf<C> | Failure> {
    return new Promise((resolve) => {
      this.send(command, withinMs, resolve, undefined, undefined, false);
    });
  }

  /** Ends the connection and every wait for one. */
  close(): void {
    this.#closing.cancel();
    this.#waiting.call(false);
    for (const line of [...this.#leaving]) line.connection.close();
    this.#line?.connection.close();
  }

  async #search(): Promise<void> {
    this.#searching = true;
    const { clock, random } = this.#ports;
    let tries = 0;
    while (this.#wanted()) {
      for (const endpoint of this.#order.ordered(this.#lastFailed)) {
        await sleep(clock, backoffMs(random, tries), this.#closing);
        if (!this.#wanted()) break;
        tries++;
        await this.#try(endpoint);
      }
    }
    this.#searching = false;
  }

  #wanted(): boolean {
    if (this.#line !== undefined || this.#closing.cancelled) return false;
    return this.#ports.clock.monotonicMs() < this.#demandUntilMs;
  }

  /**
   * Finds a line in place of one that is to end, which is used until then: nobody has to wait.
   * Where its router goes on, it is only old, and no other endpoint is as near; that may change.
   */
  async #replace(line: Line): Promise<void> {
    const { clock, random } = this.#ports;
    for (let tries = 0; line === this.#line; ) {
      const stays = !line.stops;
      for (const endpoint of stays ? [line.endpoint] : this.#order.ordered(line.endpoint)) {
        // At once, unless what stops is the first to be asked: is there another one behind it?
        const isAtOnce = tries === 0 && (stays || endpoint !== line.endpoint);
        if (!isAtOnce) await sleep(clock, backoffMs(random, tries), this.#closing);
        if (line !== this.#line || this.#closing.cancelled) return;
        tries++;
        await this.#try(endpoint, line);
      }
    }
  }

  /** Undefined where a router answered. It is used if there is none, or only the `old` one. */
  async #try(endpoint: string, old?: Line): Promise<Failure | undefined> {
    const { transport, clock } = this.#ports;
    const reply = await dial(
      {
        transport,
        clock,
        cancellation: this.#closing,
        onEvent: (line, event) => this.#onEvent(line, event),
        onClosed: (line, reason) => this.#onClosed(line, reason),
      },
      endpoint,
    );
    if (reply.kind === "failure") {
      this.#order.failed(endpoint);
      this.#lastFailed = endpoint;
      this.#lastFailure = reply;
      return reply;
    }
    this.#order.measured(endpoint, reply.latencyMs);
    const isTaken = this.#line !== undefined && this.#line !== old;
    if (isTaken || this.#closing.cancelled) reply.connection.close();
    else if (!reply.closed) this.#use(reply);
    return undefined;
  }

  #use(line: Line): void {
    if (this.#line !== undefined) this.#leaving.add(this.#line);
    this.#line = line;
    this.#region ??= line.connection.region;
    this.#lastFailed = undefined;
    for (const old of this.#leaving) {
      const dueMs = this.#ports.clock.monotonicMs() + lingerMs;
      this.#dues.add({ dueMs, onDue: () => old.connection.close() });
    }
    this.#listener.onRouter();
    this.#waiting.call(true);
  }

  #onEvent(line: Line, event: ConnectionEvent): void {
    line.heard++;
    if (event.kind === "go-away" && line === this.#line) {
      if (!event.reconnect) {
        line.stops = true;
        this.#forget(line);
      }
      if (!line.ending) void this.#replace(line);
      line.ending = true;
    }
    this.#listener.onEvent(event);
  }

  #onClosed(line: Line, reason: string): void {
    this.#leaving.delete(line);
    if (line === this.#line) this.#lost(line, `${line.endpoint}: ${reason}`);
  }

  /** Closes a line that has gone silent. */
  #drop(line: Line, problem: string): void {
    if (line === this.#line) this.#lost(line, problem);
    line.connection.close();
  }

  #lost(line: Line, problem: string): void {
    this.#line = undefined;
    this.#forget(line);
    this.#lastFailure = failure("SHARD_UNAVAILABLE", problem);
    if (this.#wanted()) this.demand(this.#demandUntilMs);
  }

  /** Its router is asked last from now on. */
  #forget({ endpoint }: Line): void {
    this.#order.failed(endpoint);
    this.#lastFailed = endpoint;
  }
}

/** Waiting does not mend it. */
function isFinal({ code }: Failure): boolean {
  return code === "UNIMPLEMENTED" || code === "UNAUTHENTICATED";
}
