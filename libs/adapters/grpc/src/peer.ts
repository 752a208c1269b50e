import { type ClientReadableStream, Metadata, type StatusObject } from "@grpc/grpc-js";
import { readAcquireManyResults, writeAcquireMany } from "@holdfast/api/codec/many-codec";
import {
  readListResponse,
  readWatchResponse,
  writeListRequest,
  writeWatchRequest,
} from "@holdfast/api/codec/query-codec";
import { UnaryCodec, unaryPaths } from "@holdfast/api/codec/unary-codec";
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as Serving,
} from "@holdfast/api/generated/grpc/health/v1/health";
import { LockServiceService } from "@holdfast/api/generated/holdfast/v1/lock_service";
import { SessionServiceService } from "@holdfast/api/generated/holdfast/v1/session_service";
import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { lockKey } from "@holdfast/core/lock/lock-id";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "@holdfast/engine/ports/lock-tier";
import { callerLostKey, hopsKey } from "./call-context.ts";
import { failureIn, type PeerChannel } from "./peer-channel.ts";
import { PeerLanes } from "./peer-lanes.ts";
import { waitOver } from "./peer-wait.ts";
import { asBuffer } from "./unary-handler.ts";

/** What a call without a deadline may take beyond its own wait. */
const marginMs = 5_000;

/** Another region, and how its routers are reached. */
export interface PeerOptions {
  readonly region: string;
  /** `host:port` of its routers; the first that can be connected to is used until it is lost. */
  readonly addresses: readonly string[];
  readonly clock: Clock;
  /** What messages call it; `region us-west-2` if left out. */
  readonly who?: string;
  /**
   * The order in which a lock's requests try the addresses, by index; see `addresses` if left out.
   */
  readonly order?: (key: string) => readonly number[];
  /**
   * Commands that outlive their callers go over streams that many share; a call of its own for each
   * if left out.
   */
  readonly sharesStreams?: boolean;
  /** Plain text if left out. */
  readonly tls?: TlsIdentity | undefined;
}

/** Whether another region can be reached. */
export interface PeerHealth {
  readonly reachable: boolean;
  /** The round trip, in ms; 0 when none of its routers answered. */
  readonly rttMs: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
}

/**
 * Another region's routers as a tier: what a router forwards to. It speaks the public API, one call
 * for each command, unless streams are shared: a stream for a wait whose place in the queue is to
 * be told of, else a unary call.
 *
 * The next address is tried only where nothing can have been sent; a mutating call that may have
 * arrived, and was not answered, is an UNKNOWN_OUTCOME.
 */
export class Peer implements LockTier {
  readonly region: string;
  readonly addresses: readonly string[];
  readonly #clock: Clock;
  readonly #routers: readonly PeerLanes[];
  readonly #who: string;
  readonly #order: PeerOptions["order"];
  readonly #sharesStreams: boolean;
  readonly #codec = new UnaryCodec();
  /** The router that worked last. */
  #first = 0;

  constructor(options: PeerOptions) {
    this.region = options.region;
    this.addresses = options.addresses;
    this.#clock = options.clock;
    this.#who = options.who ?? `region ${options.region}`;
    this.#order = options.order;
    this.#sharesStreams = options.sharesStreams ?? false;
    const { addresses, clock, tls } = options;
    this.#routers = addresses.map((address) => new PeerLanes(address, clock, tls));
  }

  async execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    const waitMs = command.kind === "acquire" ? command.waitMs : 0;
    // A stream can say neither that a request ends with its caller nor for how long one waits.
    const mayShare = call.onCallerLost === "keep" && call.deadlineMs === undefined;
    if (this.#sharesStreams && mayShare) {
      return (await this.#askOverStream(command, call, waitMs)) as OutcomeOf<C>;
    }
    const heard = call.onPosition !== undefined || call.onLeases !== undefined;
    // A stream cannot say that losing the caller ends the request, so such a wait stays unary.
    if (command.kind === "acquire" && waitMs > 0 && heard && call.onCallerLost === "keep") {
      return (await this.#wait(command, call)) as OutcomeOf<C>;
    }
    const reply = await this.#ask(
      unaryPaths[command.kind],
      this.#codec.writeRequest(command),
      call,
      waitMs,
      command.kind === "get",
      keyOf(command),
    );
    const outcome = Buffer.isBuffer(reply) ? this.#codec.readResponse(command.kind, reply) : reply;
    return (outcome ?? this.#nonsense()) as OutcomeOf<C>;
  }

  async list(query: ListQuery, call: Call): Promise<ListPage | Failure> {
    const request = asBuffer(writeListRequest(query));
    const reply = await this.#ask(LockServiceService.list.path, request, call, 0, true);
    return Buffer.isBuffer(reply) ? (readListResponse(reply) ?? this.#nonsense()) : reply;
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const waits = request.acquires.map((acquire) => acquire.waitMs);
    // All or nothing waits for one lock after the other.
    const waitMs = request.allOrNothing
      ? waits.reduce((sum, each) => sum + each, 0)
      : Math.max(0, ...waits);
    const path = LockServiceService.acquireMany.path;
    const [first] = request.acquires;
    const key = first && keyOf(first);
    const reply = await this.#ask(path, writeAcquireMany(request), call, waitMs, false, key);
    if (!Buffer.isBuffer(reply)) return reply;
    const outcomes = readAcquireManyResults(reply);
    if (outcomes?.length !== request.acquires.length) return this.#nonsense();
    return { kind: "many", outcomes };
  }

  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    const request = asBuffer(writeWatchRequest(query));
    const reasons: string[] = [];
    for (const router of this.#inOrder()) {
      if (call.cancellation.cancelled) return undefined;
      const channel = router.long();
      const stream = await channel.follow(LockServiceService.watch.path, request, forwarded(call));
      if ("kind" in stream) reasons.push(stream.reason);
      else return this.#follow(stream, listener, call);
    }
    return this.#unreachable(reasons);
  }

  /** Asks whether a router of the region takes requests, and how long that takes. */
  async health(withinMs: number): Promise<PeerHealth> {
    const startedMs = this.#clock.monotonicMs();
    const surroundings: Call = {
      cancellation: new Cancellation(),
      deadlineMs: startedMs + withinMs,
      hops: 0,
      onCallerLost: "cancel",
    };
    const request = asBuffer(HealthCheckRequest.encode({ service: "" }).finish());
    const reply = await this.#ask(HealthService.check.path, request, surroundings, 0, true);
    if (!Buffer.isBuffer(reply)) return { reachable: false, rttMs: 0, problem: reply.message };
    const rttMs = this.#clock.monotonicMs() - startedMs;
    const serving = HealthCheckResponse.decode(reply).status === Serving.SERVING;
    return { reachable: serving, rttMs, problem: serving ? "" : "its router is not serving" };
  }

  close(): void {
    for (const router of this.#routers) router.close();
  }

  /**
   * `harmless`: asking twice changes nothing, so an unanswered call goes on to the next address.
   */
  async #ask(
    path: string,
    request: Buffer,
    call: Call,
    waitMs: number,
    harmless: boolean,
    key?: string,
  ): Promise<Buffer | Failure> {
    const deadline = this.#deadlineOf(call, waitMs);
    const reasons: string[] = [];
    for (const router of this.#inOrder(key)) {
      const channel = waitMs > 0 ? router.long() : router.short;
      let forget: (() => void) | undefined;
      const reply = await channel.call(path, request, forwarded(call), deadline, (cancel) => {
        // A request that is to outlive its caller must outlive this call, too.
        if (call.onCallerLost === "cancel") forget = call.cancellation.onCancel(cancel);
      });
      forget?.();
      if (reply.kind === "answered") {
        this.#first = this.#routers.indexOf(router);
        return reply.bytes;
      }
      if (reply.kind === "refused") return reply.failure;
      if (isFailure(reply)) {
        if (reply.code !== "UNKNOWN_OUTCOME") return reply;
        if (!harmless) return { ...reply, message: this.#unanswered(channel, reply.message) };
      }
      reasons.push(isFailure(reply) ? reply.message : reply.reason);
    }
    return this.#unreachable(reasons);
  }

  /** {@link #ask}, over a stream that others use too. */
  async #askOverStream(command: Command, call: Call, waitMs: number): Promise<Outcome> {
    const kind = { hops: call.hops, waits: waitMs > 0 };
    const reasons: string[] = [];
    for (const router of this.#inOrder(keyOf(command))) {
      const reply = await router.streams.ask(
        kind,
        () => forwarded(call),
        (stream) => stream.ask(command, call, waitMs + marginMs),
      );
      if (reply.kind === "unconnected") {
        reasons.push(reply.reason);
        continue;
      }
      this.#first = this.#routers.indexOf(router);
      if (reply.kind === "answered") return reply.outcome;
      if (reply.code !== "UNKNOWN_OUTCOME") return reply;
      if (command.kind !== "get") {
        return { ...reply, message: this.#unanswered(router, reply.message) };
      }
      reasons.push(reply.message);
    }
    return this.#unreachable(reasons);
  }

  /** {@link #ask}, for a request whose place in the queue is told of on the way. */
  async #wait(command: AcquireCommand, call: Call): Promise<Outcome> {
    const deadline = this.#deadlineOf(call, command.waitMs);
    const reasons: string[] = [];
    for (const router of this.#inOrder(keyOf(command))) {
      const channel = router.long();
      const stream = await channel.converse(
        SessionServiceService.connect.path,
        forwarded(call),
        deadline,
      );
      if ("kind" in stream) {
        reasons.push(stream.reason);
        continue;
      }
      const reply = await waitOver(stream, command, call);
      if (reply.kind === "answered") {
        this.#first = this.#routers.indexOf(router);
        return reply.outcome;
      }
      if (reply.code !== "UNKNOWN_OUTCOME") return reply;
      return { ...reply, message: this.#unanswered(channel, reply.message) };
    }
    return this.#unreachable(reasons);
  }

  /** As gRPC takes it, by the wall clock of this process. */
  #deadlineOf(call: Call, waitMs: number): number {
    const restMs =
      call.deadlineMs === undefined
        ? waitMs + marginMs
        : call.deadlineMs - this.#clock.monotonicMs();
    return Date.now() + Math.max(0, restMs);
  }

  #follow(
    stream: ClientReadableStream<Buffer>,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    const forget = call.cancellation.onCancel(() => stream.cancel());
    stream.on("data", (bytes: Buffer) => {
      for (const event of readWatchResponse(bytes) ?? []) listener(event);
    });
    // The status says the same, and comes always.
    stream.on("error", () => {});
    return new Promise((resolve) => {
      stream.on("status", (status: StatusObject) => {
        forget();
        if (call.cancellation.cancelled || status.code === 0) return resolve(undefined);
        const found = failureIn(status);
        resolve(found.code === "UNKNOWN_OUTCOME" ? this.#unreachable([found.message]) : found);
      });
    });
  }

  /** The routers: in the order that the key wants, else the one that worked last first. */
  #inOrder(key?: string): PeerLanes[] {
    if (key !== undefined && this.#order !== undefined) {
      return this.#order(key).flatMap((index) => this.#routers[index] ?? []);
    }
    return [...this.#routers.slice(this.#first), ...this.#routers.slice(0, this.#first)];
  }

  #unreachable(reasons: readonly string[]): Failure {
    return failure(
      "SHARD_UNAVAILABLE",
      `${capitalised(this.#who)} is out of reach from here: ${reasons.join("; ")}.`,
      { shard: this.region, retryAfterMs: 1_000 },
    );
  }

  #unanswered(channel: Pick<PeerChannel, "address">, message: string): string {
    return (
      `The request was sent to ${this.#who} (${channel.address}) and not answered: ` +
      `${message} Repeat it with the same request id.`
    );
  }

  #nonsense(): Failure {
    return failure(
      "UNKNOWN_OUTCOME",
      `${capitalised(this.#who)} answered with something else than was asked.`,
    );
  }
}

/** What requests that belong together have in common. */
function keyOf(command: Command): string {
  if ("lock" in command) return lockKey(command.lock);
  if (command.kind === "open-session") return command.session ?? command.requestId;
  return command.session;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What goes with a forwarded call. */
function forwarded(call: Call): Metadata {
  const metadata = new Metadata();
  metadata.set(hopsKey, String(call.hops + 1));
  if (call.onCallerLost === "keep") metadata.set(callerLostKey, "keep");
  return metadata;
}
