import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { ConnectRequestReader } from "@holdfast/api/codec/connect-request";
import type { ServerHello } from "@holdfast/api/codec/connect-response";
import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock, Timer } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand, Command, SessionLease } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { isGlobal, type LockId } from "@holdfast/core/lock/lock-id";
import type { Call, LockTier } from "@holdfast/engine/ports/lock-tier";
import { hopsOf } from "./call-context.ts";
import { ConnectOutput, type WriterPool } from "./connect-output.ts";
import { statusError } from "./status-error.ts";
import type { Hearer, StreamRegistry } from "./stream-registry.ts";

/** What all streams of a server share. */
export interface StreamContext {
  readonly tier: LockTier;
  readonly clock: Clock;
  readonly hello: ServerHello;
  readonly registry: StreamRegistry;
  readonly reader: ConnectRequestReader;
  readonly writers: WriterPool;
  /** How long a stream may take to say hello. */
  readonly helloTimeoutMs: number;
  /** Set while the server drains: what a stream that comes now is told. */
  readonly leaving: () => { readonly reason: string; readonly drainMs: number } | undefined;
  /** After how long a stream that begins now is told to connect again; undefined for never. */
  readonly ageMs: () => number | undefined;
}

/** So that a load balancer in between can send it elsewhere. */
const oldReason = "The stream is old: connect again.";

/** Past this the stream's client reads too slowly, and nothing more is read from it. */
const outputBytesPauseAt = 1024 * 1024;
/** Past this its answers cannot be kept. */
const outputBytesMax = 16 * 1024 * 1024;
/** Grants and sessions a stream is told the loss of; past it the oldest are forgotten. */
const rememberedMax = 20_000;

type NumberedCommand = { readonly id: number; readonly command: Command | Failure };

const nothing: readonly NumberedCommand[] = [];

/** One client's stream: reads its batches, has them carried out, and sends the answers back. */
export class ConnectStream implements Hearer {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #context: StreamContext;
  readonly #output: ConnectOutput;
  readonly #cancellation = new Cancellation();
  /** Of waits without an answer, by id: whoever such a one was asked for may be gone before us. */
  readonly #waits = new Map<number, Cancellation>();
  readonly #surroundings: Call;
  readonly #helloTimer: Timer;
  #ageTimer: Timer | undefined;
  /** Grants under a session that this stream got. */
  readonly #grants = new Set<GrantId>();
  readonly #sessions = new Set<SessionId>();
  #inFlight = 0;
  /** What was read and not begun, because too much is in flight. */
  #backlog = nothing;
  #begun = 0;
  #greeted = false;
  #halfClosed = false;
  #ended = false;

  constructor(call: ServerDuplexStream<Buffer, Buffer>, context: StreamContext) {
    this.#call = call;
    this.#context = context;
    this.#output = new ConnectOutput(
      context.writers,
      (bytes, done) => call.write(bytes, done),
      () => this.#proceed(),
    );
    this.#surroundings = {
      cancellation: this.#cancellation,
      hops: hopsOf(call.metadata),
      onCallerLost: "keep",
    };
    this.#helloTimer = context.clock.schedule(context.helloTimeoutMs, () =>
      this.#refuse(
        failure("INVALID_ARGUMENT", `No hello within ${context.helloTimeoutMs} ms of the start.`),
      ),
    );
    context.registry.add(this);
    readOneAhead(call);
    call.on("data", (bytes: Buffer) => this.#read(bytes));
    call.on("end", () => {
      this.#halfClosed = true;
      this.#proceed();
    });
    call.on("cancelled", () => this.#end());
    call.on("close", () => this.#end());
  }

  grantLost(lock: LockId, grantId: GrantId): void {
    if (!this.#grants.delete(grantId) || this.#ended) return;
    this.#output.add((writer) => writer.event({ kind: "grant-lost", lock, grantId }));
  }

  sessionLost(session: SessionId): void {
    if (!this.#forgetSession(session) || this.#ended) return;
    this.#output.add((writer) => writer.event({ kind: "session-lost", session }));
  }

  goAway(reason: string, drainMs: number): void {
    if (this.#ended || !this.#greeted) return;
    this.#tellToGo(reason, drainMs, false);
  }

  finish(reason: string): void {
    this.#refuse(failure("SHARD_UNAVAILABLE", reason));
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return;
    const content = this.#context.reader.read(bytes);
    if (isFailure(content)) {
      this.#refuse(content);
      return;
    }
    if ((content.hello !== undefined) === this.#greeted) {
      const message = "The first message of a stream says hello, and no other does.";
      this.#refuse(failure("INVALID_ARGUMENT", message, { field: "hello" }));
      return;
    }
    if (!this.#greeted) this.#greet();
    if (this.#backlog.length === 0) this.#backlog = content.commands;
    else this.#backlog = [...this.#backlog.slice(this.#begun), ...content.commands];
    this.#begun = 0;
    this.#proceed();
    if (content.gone.length > 0) this.#lose(new Set(content.gone));
  }

  /** They wait no more, and keep their places; what was not begun never is. */
  #lose(gone: ReadonlySet<number>): void {
    for (const id of gone) this.#waits.get(id)?.cancel();
    // In one pass: a message of 1 MiB has room for half a million of either.
    const isLost = ({ id, command }: NumberedCommand) => gone.has(id) && isWait(command);
    const unread = this.#backlog.slice(this.#begun);
    this.#backlog = unread.filter((each) => !isLost(each));
    this.#begun = 0;
    for (const { id } of unread.filter(isLost)) {
      this.#output.add((writer) => writer.refusal(id, nobodyLeft));
    }
  }

  #greet(): void {
    this.#greeted = true;
    this.#helloTimer.cancel();
    this.#output.add((writer) => writer.hello(this.#context.hello));
    const leaving = this.#context.leaving();
    if (leaving !== undefined) this.goAway(leaving.reason, leaving.drainMs);
    const { ageMs, clock } = this.#context;
    const endsMs = ageMs();
    if (endsMs !== undefined) this.#ageTimer = clock.schedule(endsMs, this.#aged);
  }

  /** It may stay for as long as it has questions open: whoever waits loses nothing by it. */
  readonly #aged = (): void => {
    if (this.#context.leaving() === undefined) this.#tellToGo(oldReason, limits.waitMsMax, true);
  };

  #tellToGo(reason: string, drainMs: number, reconnect: boolean): void {
    this.#output.add((writer) => writer.event({ kind: "go-away", reason, drainMs, reconnect }));
  }

  /** Begins what may begin, reads on if there is room, and ends what is over. */
  #proceed(): void {
    if (this.#ended) return;
    while (this.#begun < this.#backlog.length && this.#hasRoom) {
      const next = this.#backlog[this.#begun++];
      if (next !== undefined) this.#begin(next);
    }
    if (this.#begun === this.#backlog.length) {
      this.#backlog = nothing;
      this.#begun = 0;
    }
    if (this.#backlog.length > 0 || !this.#hasRoom) this.#call.pause();
    else if (this.#call.isPaused()) this.#call.resume();
    const answered = this.#inFlight === 0 && this.#backlog.length === 0 && this.#output.idle;
    if (this.#halfClosed && answered) {
      this.#end();
      this.#call.end();
    }
  }

  get #hasRoom(): boolean {
    return (
      this.#inFlight < limits.commandsInFlightMax && this.#output.pendingBytes < outputBytesPauseAt
    );
  }

  #begin({ id, command }: NumberedCommand): void {
    if (isFailure(command)) {
      this.#output.add((writer) => writer.refusal(id, command));
      return;
    }
    this.#inFlight++;
    const call = this.#callFor(id, command);
    void this.#context.tier
      .execute(command, call)
      .then((outcome) => this.#answer(id, command, call, outcome));
  }

  /** A request that waits is told of on the way. */
  #callFor(id: number, command: Command): Call {
    if (!isWait(command)) return this.#surroundings;
    // Under the id of another one it ends with the stream: nobody can say which of the two is gone.
    const cancellation = this.#waits.has(id) ? this.#cancellation : new Cancellation();
    if (cancellation !== this.#cancellation) this.#waits.set(id, cancellation);
    const call = {
      ...this.#surroundings,
      cancellation,
      onPosition: (position: number) => this.#tellPosition(id, position),
    };
    if (!isGlobal(command.lock)) return call;
    return { ...call, onLeases: (leases) => this.#tellLeases(id, leases) };
  }

  #answer(id: number, command: Command, { cancellation }: Call, outcome: Outcome): void {
    this.#inFlight--;
    if (this.#waits.get(id) === cancellation) this.#waits.delete(id);
    this.#context.registry.tell(command, outcome, this);
    if (this.#ended) return;
    this.#remember(command, outcome);
    const isGivenUp = cancellation.cancelled && outcome.kind === "cancelled";
    const writer = this.#output.writer();
    writer.result(id, command.kind, isGivenUp ? nobodyLeft : outcome);
    this.#output.written(writer);
    if (this.#output.pendingBytes > outputBytesMax) {
      this.#refuse(failure("RATE_LIMITED", "The client does not read its answers."));
    } else if (this.#backlog.length > 0 || this.#halfClosed || this.#call.isPaused()) {
      this.#proceed();
    }
  }

  #tellPosition(id: number, position: number): void {
    // Positions may be lost, so they yield to answers when the client reads slowly.
    if (this.#ended || !this.#hasRoom) return;
    this.#output.add((writer) => writer.event({ kind: "queue-position", id, position }));
  }

  /** Never left out: a place whose leases nobody keeps alive is lost. */
  #tellLeases(id: number, leases: readonly SessionLease[]): void {
    if (this.#ended) return;
    this.#output.add((writer) => writer.event({ kind: "place-leases", id, leases }));
  }

  /** Keeps what this stream has, so that it can be told when somebody takes it away. */
  #remember(command: Command, outcome: Outcome): void {
    switch (command.kind) {
      case "acquire":
        if (outcome.kind === "granted" && command.session !== undefined) {
          addBounded(this.#grants, outcome.grant.grantId);
        }
        return;
      case "release":
      case "cancel":
        this.#grants.delete(command.grantId);
        return;
      case "open-session":
        if (outcome.kind === "opened") this.#rememberSession(outcome.session);
        return;
      case "heartbeat":
        if (outcome.kind === "heartbeat") this.#rememberSession(command.session);
        return;
      case "close-session":
        this.#forgetSession(command.session);
        return;
      case "renew":
      case "get":
      case "force-release":
        return;
    }
  }

  #rememberSession(session: SessionId): void {
    if (this.#sessions.has(session)) return;
    const forgotten = addBounded(this.#sessions, session);
    const { registry } = this.#context;
    if (forgotten !== undefined) registry.unfollow(forgotten, this);
    registry.follow(session, this);
  }

  #forgetSession(session: SessionId): boolean {
    if (!this.#sessions.delete(session)) return false;
    this.#context.registry.unfollow(session, this);
    return true;
  }

  /** Ends the stream with a failure; what it asked for lives on under its session. */
  #refuse(refused: Failure): void {
    if (this.#ended) return;
    this.#output.flush();
    this.#end();
    this.#call.emit("error", statusError(refused));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#helloTimer.cancel();
    this.#ageTimer?.cancel();
    for (const session of this.#sessions) this.#context.registry.unfollow(session, this);
    this.#context.registry.remove(this);
    this.#output.close();
    this.#backlog = nothing;
    this.#begun = 0;
    this.#cancellation.cancel();
    for (const wait of this.#waits.values()) wait.cancel();
  }
}

/** What is given up with its asker keeps its place, so nobody may be told that it has none. */
const nobodyLeft = failure(
  "UNKNOWN_OUTCOME",
  "Whoever asked for it is gone. A repeat finds out what became of it.",
);

function isWait(command: Command | Failure): command is AcquireCommand {
  return command.kind === "acquire" && command.waitMs > 0;
}

/** Adds to a set of limited size; what had to go for it, if anything. */
function addBounded<T>(set: Set<T>, value: T): T | undefined {
  set.add(value);
  if (set.size <= rememberedMax) return undefined;
  const [oldest] = set;
  if (oldest !== undefined) set.delete(oldest);
  return oldest;
}

/**
 * Node reads 16 objects ahead of a paused stream; ours are messages of up to 1 MiB, and a thousand
 * streams that are paused must not hold 16 GiB.
 */
function readOneAhead(call: ServerDuplexStream<Buffer, Buffer>): void {
  const { _readableState: state } = call as unknown as {
    readonly _readableState?: { highWaterMark: number };
  };
  if (state !== undefined) state.highWaterMark = 1;
}
