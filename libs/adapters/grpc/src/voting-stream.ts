import type { ServerDuplexStream } from "@grpc/grpc-js";
import type {
  NumberedQuestion,
  VotingAnswer,
  VotingHello,
  VotingQuestion,
} from "@holdfast/api/codec/voting-message";
import type { ConverseRequestReader } from "@holdfast/api/codec/voting-read";
import { ConverseResponseWriter } from "@holdfast/api/codec/voting-write";
import type { Clock, Timer } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { unreachable } from "@holdfast/base/invariant";
import type { GlobalLockId, VotingRegion } from "@holdfast/engine/ports/voting-region";
import { statusError } from "./status-error.ts";
import { TurnOutput } from "./turn-output.ts";
import { helloOf, refusalOf, type VotingIdentity } from "./voting-identity.ts";

/** What all streams of a coordinator share. */
export interface VotingStreamContext {
  /** This coordinator's own region: who answers. */
  readonly region: VotingRegion;
  readonly identity: VotingIdentity;
  /** The regions that may ask. */
  readonly askers: readonly string[];
  readonly reader: ConverseRequestReader;
  readonly clock: Clock;
  /** How long a stream may take to say hello, in ms. */
  readonly helloTimeoutMs: number;
  readonly streams: Set<VotingStream>;
  /** Told why a stream was refused. */
  readonly onRefused: (message: string) => void;
}

/** Questions of one stream without an answer; past it nothing more is read. */
const inFlightMax = 8_192;

/** One stream of another region's coordinator: has its questions answered, and sends that back. */
export class VotingStream {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #context: VotingStreamContext;
  readonly #output: TurnOutput<ConverseResponseWriter>;
  readonly #helloTimer: Timer;
  #greeted = false;
  #inFlight = 0;
  #ended = false;

  constructor(call: ServerDuplexStream<Buffer, Buffer>, context: VotingStreamContext) {
    this.#call = call;
    this.#context = context;
    this.#output = new TurnOutput(
      new ConverseResponseWriter(),
      (bytes, done) => call.write(bytes, done),
      () => this.finish("The other coordinator does not read its answers."),
    );
    this.#helloTimer = context.clock.schedule(context.helloTimeoutMs, () =>
      this.#refuse(`No hello within ${context.helloTimeoutMs} ms of the start.`),
    );
    context.streams.add(this);
    call.on("data", (bytes: Buffer) => this.#read(bytes));
    call.on("end", () => {
      this.#end();
      call.end();
    });
    call.on("cancelled", () => this.#end());
    call.on("close", () => this.#end());
    // What broke the stream has ended it; nobody else is to hear of it.
    call.on("error", () => this.#end());
  }

  /** Ends the stream now; what it asked goes on unheard. */
  finish(reason: string): void {
    this.#fail(failure("SHARD_UNAVAILABLE", reason));
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return;
    const content = this.#context.reader.read(bytes);
    if (isFailure(content)) {
      this.#refuse(content.message);
      return;
    }
    if ((content.hello !== undefined) === this.#greeted) {
      this.#refuse("The first message of a stream says hello, and no other does.");
      return;
    }
    if (content.hello !== undefined && !this.#greet(content.hello)) return;
    for (const question of content.questions) void this.#answer(question);
    if (this.#inFlight >= inFlightMax) this.#call.pause();
  }

  #greet(theirs: VotingHello): boolean {
    const { identity, askers } = this.#context;
    const refusal = refusalOf(identity, theirs, askers);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return false;
    }
    this.#greeted = true;
    this.#helloTimer.cancel();
    this.#output.add((writer) => writer.hello(helloOf(identity)));
    return true;
  }

  async #answer({ id, question, withinMs, traceparent, ...lock }: NumberedQuestion): Promise<void> {
    this.#inFlight++;
    const answer = isFailure(question)
      ? question
      : await answerOf(this.#context.region, lock, question, withinMs, traceparent);
    this.#inFlight--;
    if (this.#ended) return;
    this.#output.add((writer) => writer.answer(id, answer));
    if (this.#inFlight < inFlightMax && this.#call.isPaused()) this.#call.resume();
  }

  #refuse(message: string): void {
    if (this.#ended) return;
    this.#context.onRefused(message);
    this.#fail(failure("INVALID_ARGUMENT", message));
  }

  #fail(reason: Failure): void {
    if (this.#ended) return;
    this.#end();
    this.#call.emit("error", statusError(reason));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#helloTimer.cancel();
    this.#output.close();
    this.#context.streams.delete(this);
  }
}

async function answerOf(
  region: VotingRegion,
  lock: GlobalLockId,
  question: VotingQuestion,
  withinMs: number,
  traceparent: string | undefined,
): Promise<VotingAnswer> {
  switch (question.kind) {
    case "prepare":
      return region.prepare(lock, question, withinMs, traceparent);
    case "accept":
      return region.accept(lock, question, withinMs, traceparent);
    case "read":
      return region.read(lock, question.generation, withinMs);
    case "meet": {
      const met = await region.meet(lock, question, withinMs);
      return isFailure(met) ? met : { ...met, kind: "lease" };
    }
    case "keep-alive": {
      const kept = await region.keepAlive(lock, question.session, withinMs);
      return isFailure(kept) ? kept : { ...kept, kind: "lease" };
    }
    default:
      return unreachable(question);
  }
}
