import { Metadata } from "@grpc/grpc-js";
import type { VotingAnswer, VotingQuestion } from "@holdfast/api/codec/voting-message";
import { VotingServiceService } from "@holdfast/api/generated/holdfast/internal/v1/voting";
import type { Clock, Timer } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import type {
  AcceptReply,
  AcceptRequest,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";
import type {
  GlobalLockId,
  MetSession,
  RegionLease,
  VotingRegion,
} from "@holdfast/engine/ports/voting-region";
import { PeerChannel } from "./peer-channel.ts";
import { RoundTrip } from "./round-trip.ts";
import type { VotingIdentity } from "./voting-identity.ts";
import { VotingLink } from "./voting-link.ts";

/** Another region, and how its coordinators are reached. */
export interface VotingPeerOptions {
  readonly region: string;
  /** `host:port` of its coordinators; the first that answers is used until it is lost. */
  readonly addresses: readonly string[];
  /** Who asks. */
  readonly identity: VotingIdentity;
  readonly clock: Clock;
  readonly random: Random;
  /** Plain text if left out. */
  readonly tls?: TlsIdentity | undefined;
  /** Told when the region comes into reach, and when it is lost and why. */
  readonly onChange?: (health: VotingHealth) => void;
  /** Told how long each answer took, in ms, where that says anything of the way. */
  readonly onRoundTrip?: (ms: number) => void;
}

/** How another region's coordinator fares, as seen from here. */
export interface VotingHealth {
  readonly reachable: boolean;
  /** From a question to its answer, lately, in ms; 0 before the first one. */
  readonly rttMs: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
}

/** Pauses between tries to connect, in ms: doubled each time, and jittered. */
const backoffMs = { first: 50, max: 1_000 } as const;
/** A region that was asked and said nothing for so long is told to be out of reach, in ms. */
const silentMs = 3_000;
/**
 * How long a region may go unheard before it is asked something that changes nothing, in ms: what
 * is known of the way, and whether it leads anywhere, must not be an hour old when it is needed.
 */
const probeMs = 2_000;
const probed: GlobalLockId = { namespace: "default", name: "holdfast.probe" };

/**
 * A connection whose other end has vanished, or that lets through one direction only, is found by
 * pings within the sum of the two, in ms. Until then each question waits for its own time.
 */
const keepalive = {
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 2_000,
  "grpc.keepalive_permit_without_calls": 1,
};

/**
 * Another region's votes, over one stream to one of its coordinators. A question is sent once: it
 * is answered, or answers with a failure, at once where there is no stream.
 */
export class VotingPeer implements VotingRegion {
  readonly region: string;
  readonly #options: VotingPeerOptions;
  readonly #channels: readonly PeerChannel[];
  readonly #roundTrip = new RoundTrip();
  #first = 0;
  #link: VotingLink | undefined;
  #greeted = false;
  #problem = "not connected yet";
  #failures = 0;
  #timer: Timer | undefined;
  #closed = false;

  /** Connects at once, and again whenever the stream is lost, until {@link close}. */
  constructor(options: VotingPeerOptions) {
    this.region = options.region;
    this.#options = options;
    const { addresses, tls } = options;
    this.#channels = addresses.map((address) => new PeerChannel(address, tls, keepalive));
    void this.#connect();
  }

  get health(): VotingHealth {
    const silentForMs = this.#roundTrip.silentForMs(this.#options.clock.monotonicMs());
    const isSilent = silentForMs > silentMs;
    return {
      reachable: this.#greeted && !isSilent,
      rttMs: this.#roundTrip.ms ?? 0,
      problem:
        this.#greeted && isSilent
          ? `nothing was heard for ${Math.round(silentForMs)} ms`
          : this.#problem,
    };
  }

  prepare(
    lock: GlobalLockId,
    { ballot, generation }: PrepareRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<PrepareReply | Failure> {
    const question: VotingQuestion = { kind: "prepare", ballot, generation };
    const kinds = ["promised", "refused", "other-generation"] as const;
    return this.#ask(lock, question, withinMs, kinds, traceparent);
  }

  accept(
    lock: GlobalLockId,
    request: AcceptRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<AcceptReply | Failure> {
    const question: VotingQuestion = { kind: "accept", ...request };
    const kinds = ["accepted", "refused", "other-generation"] as const;
    return this.#ask(lock, question, withinMs, kinds, traceparent);
  }

  read(
    lock: GlobalLockId,
    generation: number,
    withinMs: number,
  ): Promise<Shown | OtherGeneration | Failure> {
    const question: VotingQuestion = { kind: "read", generation };
    return this.#ask(lock, question, withinMs, ["shown", "other-generation"]);
  }

  meet(
    lock: GlobalLockId,
    { session, ttlMs }: MetSession,
    withinMs: number,
  ): Promise<RegionLease | Failure> {
    return this.#askLease(lock, { kind: "meet", session, ttlMs }, withinMs);
  }

  keepAlive(
    lock: GlobalLockId,
    session: SessionId,
    withinMs: number,
  ): Promise<RegionLease | Failure> {
    return this.#askLease(lock, { kind: "keep-alive", session }, withinMs);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#link?.end("this coordinator stops");
    for (const channel of this.#channels) channel.close();
  }

  async #askLease(
    lock: GlobalLockId,
    question: VotingQuestion,
    withinMs: number,
  ): Promise<RegionLease | Failure> {
    const answer = await this.#ask(lock, question, withinMs, ["lease"]);
    return isFailure(answer) ? answer : { ...answer, kind: "region-lease", region: this.region };
  }

  async #ask<Kind extends VotingAnswer["kind"]>(
    lock: GlobalLockId,
    question: VotingQuestion,
    withinMs: number,
    kinds: readonly Kind[],
    traceparent?: string,
  ): Promise<Extract<VotingAnswer, { kind: Kind }> | Failure> {
    const link = this.#greeted ? this.#link : undefined;
    if (link === undefined) return this.#unreachable();
    this.#roundTrip.asked(this.#options.clock.monotonicMs());
    const answer = await link.ask(lock, question, withinMs, traceparent);
    if (isFailure(answer)) return answer;
    const expected = kinds.find((kind) => kind === answer.kind);
    if (expected !== undefined) return answer as Extract<VotingAnswer, { kind: Kind }>;
    link.end(`region ${this.region} answered ${question.kind} with ${answer.kind}`);
    return this.#unreachable();
  }

  async #connect(): Promise<void> {
    const channel = this.#channels[this.#first % this.#channels.length];
    if (channel === undefined || this.#closed) return;
    const path = VotingServiceService.converse.path;
    const stream = await channel.converse(path, new Metadata(), Number.POSITIVE_INFINITY);
    if ("kind" in stream) {
      this.#lost(stream.reason);
      return;
    }
    const { identity, clock } = this.#options;
    this.#link = new VotingLink(stream, identity, this.region, clock, {
      onGreeted: () => this.#onGreeted(),
      onHeard: (ms) => this.#onHeard(ms),
      onMissed: (ms) => this.#roundTrip.missed(ms),
      onEnd: (reason) => this.#lost(reason),
    });
    if (this.#closed) this.#link.end("this coordinator stops");
  }

  #onHeard(ms: number | undefined): void {
    this.#roundTrip.heard(this.#options.clock.monotonicMs(), ms);
    if (ms !== undefined) this.#options.onRoundTrip?.(ms);
  }

  #onGreeted(): void {
    this.#greeted = true;
    this.#problem = "";
    this.#failures = 0;
    this.#probeLater();
    this.#options.onChange?.(this.health);
  }

  #probeLater(): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.schedule(probeMs, () => {
      // At no generation: every region answers with its own.
      const isIdle = this.#roundTrip.idleForMs(clock.monotonicMs()) >= probeMs / 2;
      if (isIdle) void this.read(probed, 0, probeMs);
      this.#probeLater();
    });
  }

  #lost(reason: string): void {
    const wasGreeted = this.#greeted;
    const isNews = wasGreeted || reason !== this.#problem;
    this.#link = undefined;
    this.#greeted = false;
    this.#problem = reason;
    this.#roundTrip.lost();
    if (this.#closed) return;
    if (isNews) this.#options.onChange?.(this.health);
    this.#first++;
    const { clock, random } = this.#options;
    const ceilingMs = Math.min(backoffMs.max, backoffMs.first * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    this.#timer?.cancel();
    this.#timer = clock.schedule(ceilingMs * (0.5 + random.next() / 2), () => void this.#connect());
  }

  #unreachable(): Failure {
    const message = `Region ${this.region} is out of reach from here: ${this.#problem}.`;
    return failure("SHARD_UNAVAILABLE", message, { shard: this.region });
  }
}
