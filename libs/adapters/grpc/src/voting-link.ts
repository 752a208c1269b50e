import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import {
  type VotingAnswer,
  type VotingHello,
  type VotingQuestion,
  votingWithinMsMax,
} from "@holdfast/api/codec/voting-message";
import { ConverseResponseReader } from "@holdfast/api/codec/voting-read";
import { ConverseRequestWriter } from "@holdfast/api/codec/voting-write";
import type { Clock, Timer } from "@holdfast/base/clock";
import { failure, isFailure } from "@holdfast/base/failure";
import type { GlobalLockId } from "@holdfast/engine/ports/voting-region";
import { failureIn } from "./peer-channel.ts";
import { TurnOutput } from "./turn-output.ts";
import { helloOf, refusalOf, type VotingIdentity } from "./voting-identity.ts";

/** What happens on a link. */
export interface LinkListener {
  /** The other side said who it is, and is who it should be. */
  onGreeted(theirs: VotingHello): void;
  /** An answer came, so long after its question, in ms; absent where that says nothing. */
  onHeard(ms?: number): void;
  /** A question was not answered within `ms`. */
  onMissed(ms: number): void;
  /** Called once; what had no answer was answered with a failure before. */
  onEnd(reason: string): void;
}

/** Questions without an answer; past it a question fails at once. */
const inFlightMax = 8_192;
/** How long the other side may take to say hello, in ms. */
const helloTimeoutMs = 5_000;

interface Pending {
  readonly resolve: (answer: VotingAnswer) => void;
  readonly askedAtMs: number;
  readonly timer: Timer;
}

/** One stream to a coordinator of another region, from its hello to its end. */
export class VotingLink {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #own: VotingIdentity;
  readonly #region: string;
  readonly #clock: Clock;
  readonly #listener: LinkListener;
  readonly #reader = new ConverseResponseReader();
  readonly #output: TurnOutput<ConverseRequestWriter>;
  readonly #pending = new Map<number, Pending>();
  readonly #helloTimer: Timer;
  readonly #openedAtMs: number;
  #greeted = false;
  #ended = false;
  #lastId = 0;

  /** `region`: the one that the other side must be of. */
  constructor(
    stream: ClientDuplexStream<Buffer, Buffer>,
    own: VotingIdentity,
    region: string,
    clock: Clock,
    listener: LinkListener,
  ) {
    this.#stream = stream;
    this.#own = own;
    this.#region = region;
    this.#clock = clock;
    this.#listener = listener;
    this.#output = new TurnOutput(
      new ConverseRequestWriter(),
      (bytes, done) => stream.write(bytes, done),
      () => this.end(`region ${region} does not take what it is asked`),
    );
    this.#openedAtMs = clock.monotonicMs();
    this.#helloTimer = clock.schedule(helloTimeoutMs, () =>
      this.end(`no hello of region ${region} within ${helloTimeoutMs} ms`),
    );
    stream.on("data", (bytes: Buffer) => this.#read(bytes));
    // The status says the same, and comes always.
    stream.on("error", () => {});
    stream.on("status", (status: StatusObject) => this.#onStatus(status));
    this.#output.add((writer) => writer.hello(helloOf(own)));
    this.#output.flush();
  }

  /**
   * Answers within `askedMs`, a minute at the most; a link that ends answers with a failure at
   * once.
   */
  ask(
    lock: GlobalLockId,
    question: VotingQuestion,
    askedMs: number,
    traceparent?: string,
  ): Promise<VotingAnswer> {
    const withinMs = Math.min(Math.max(1, askedMs), votingWithinMsMax);
    if (this.#ended || this.#pending.size >= inFlightMax) {
      const reason = this.#ended
        ? "its stream has ended"
        : `${inFlightMax} questions have no answer yet`;
      return Promise.resolve(this.#silence(reason));
    }
    this.#lastId = (this.#lastId + 1) % 2 ** 32;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(withinMs, () => {
        this.#pending.delete(id);
        this.#listener.onMissed(withinMs);
        resolve(this.#silence(`no answer within ${Math.round(withinMs)} ms`));
      });
      this.#pending.set(id, { resolve, timer, askedAtMs: this.#clock.monotonicMs() });
      this.#output.add((writer) => writer.question(id, lock, withinMs, question, traceparent));
    });
  }

  /** Gives the stream up; every question is answered with a failure. Idempotent. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#helloTimer.cancel();
    this.#output.close();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { resolve, timer } of pending) {
      timer.cancel();
      resolve(this.#silence(reason));
    }
    this.#stream.cancel();
    this.#listener.onEnd(reason);
  }

  #onStatus(status: StatusObject): void {
    const said = status.code === 0 ? "it ended the stream" : failureIn(status).message;
    this.end(said);
  }

  #read(bytes: Buffer): void {
    if (this.#ended) return;
    const content = this.#reader.read(bytes);
    if (isFailure(content)) {
      this.end(content.message);
      return;
    }
    if ((content.hello !== undefined) === this.#greeted) {
      this.end(`region ${this.#region} does not say hello once, and first`);
      return;
    }
    if (content.hello !== undefined && !this.#greet(content.hello)) return;
    for (const { id, answer } of content.answers) this.#onAnswer(id, answer);
  }

  #greet(theirs: VotingHello): boolean {
    const refusal = refusalOf(this.#own, theirs, [this.#region]);
    if (refusal !== undefined) {
      this.end(refusal);
      return false;
    }
    this.#greeted = true;
    this.#helloTimer.cancel();
    this.#listener.onHeard(this.#clock.monotonicMs() - this.#openedAtMs);
    this.#listener.onGreeted(theirs);
    return true;
  }

  #onAnswer(id: number, answer: VotingAnswer): void {
    const pending = this.#pending.get(id);
    // Its asker has given up, or it is a copy.
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.timer.cancel();
    // A failure may have waited for a store that is away: that is not the way's fault.
    const tookMs = this.#clock.monotonicMs() - pending.askedAtMs;
    this.#listener.onHeard(isFailure(answer) ? undefined : tookMs);
    pending.resolve(answer);
  }

  #silence(reason: string): VotingAnswer {
    return failure("SHARD_UNAVAILABLE", `Region ${this.#region} gave no vote: ${reason}.`, {
      shard: this.#region,
    });
  }
}
