import { type Failure, failure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import type { AcceptRequest, PrepareRequest } from "@holdfast/core/quorum/message";
import type { GlobalLockId, MetSession, VotingRegion } from "@holdfast/engine/ports/voting-region";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { GlobalNetwork } from "./global-network.ts";

/** A coordinator as those of other regions reach it. */
export interface VotesHost {
  readonly process: SimulatedProcess;
  readonly votes: VotingRegion | undefined;
}

/** Without an answer for so long a region is out of reach, in ms. */
const silentMs = 3_000;

/**
 * Another region's votes over the network: every question and every answer on its own, so that
 * they are lost, doubled, late and overtaken. Harsher than the stream it stands for.
 */
export class RemoteVotes implements VotingRegion {
  readonly region: string;
  readonly #process: SimulatedProcess;
  readonly #network: GlobalNetwork;
  readonly #findHost: () => VotesHost | undefined;
  #rttMs = 0;
  #unansweredSinceMs: number | undefined;

  constructor(
    region: string,
    process: SimulatedProcess,
    network: GlobalNetwork,
    findHost: () => VotesHost | undefined,
  ) {
    this.region = region;
    this.#process = process;
    this.#network = network;
    this.#findHost = findHost;
  }

  get distance(): { readonly reachable: boolean; readonly rttMs: number } {
    const sinceMs = this.#unansweredSinceMs;
    const reachable = sinceMs === undefined || this.#process.monotonicMs() - sinceMs < silentMs;
    return { reachable, rttMs: this.#rttMs };
  }

  prepare(lock: GlobalLockId, request: PrepareRequest, withinMs: number) {
    return this.#ask(withinMs, (votes) => votes.prepare(lock, request, withinMs));
  }

  accept(lock: GlobalLockId, request: AcceptRequest, withinMs: number) {
    return this.#ask(withinMs, (votes) => votes.accept(lock, request, withinMs));
  }

  read(lock: GlobalLockId, generation: number, withinMs: number) {
    return this.#ask(withinMs, (votes) => votes.read(lock, generation, withinMs));
  }

  meet(lock: GlobalLockId, session: MetSession, withinMs: number) {
    return this.#ask(withinMs, (votes) => votes.meet(lock, session, withinMs));
  }

  keepAlive(lock: GlobalLockId, session: SessionId, withinMs: number) {
    return this.#ask(withinMs, (votes) => votes.keepAlive(lock, session, withinMs));
  }

  #ask<T>(withinMs: number, question: (votes: VotingRegion) => Promise<T | Failure>) {
    const process = this.#process;
    const sentMs = process.monotonicMs();
    this.#unansweredSinceMs ??= sentMs;
    return new Promise<T | Failure>((resolve) => {
      let isAnswered = false;
      const silence = failure("SHARD_UNAVAILABLE", `Region ${this.region} did not answer.`);
      const answer = (reply: T | Failure) => {
        if (isAnswered) return;
        isAnswered = true;
        timer.cancel();
        resolve(reply);
      };
      const timer = process.schedule(withinMs, () => answer(silence));
      const host = this.#findHost();
      if (host === undefined) return answer(silence);
      this.#network.send(process.name, host.process.name, () =>
        host.process.deliver(() => {
          if (host.votes === undefined) return;
          void question(host.votes).then((reply) => {
            this.#network.send(host.process.name, process.name, () =>
              process.deliver(() => {
                if (!isAnswered) this.#heard(process.monotonicMs() - sentMs);
                answer(reply);
              }),
            );
          });
        }),
      );
    });
  }

  #heard(rttMs: number): void {
    this.#rttMs = this.#rttMs === 0 ? rttMs : 0.8 * this.#rttMs + 0.2 * rttMs;
    this.#unansweredSinceMs = undefined;
  }
}
