import type { Timer } from "@holdfast/base/clock";
import { isFailure } from "@holdfast/base/failure";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { AcceptRequest, Showing } from "@holdfast/core/quorum/message";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { majority } from "@holdfast/core/quorum/votes";
import { answerMs, type GlobalContext, generationOf } from "./global-context.ts";
import type { GlobalLockId, VotingRegion } from "./ports/voting-region.ts";
import {
  type Acceptors,
  type Asking,
  type ProposerAnswer,
  RegisterProposer,
} from "./register-proposer.ts";
import { RegisterRepairs } from "./register-repairs.ts";

/** What became known of a register: what is chosen, and where a grant is confirmed. */
export interface Notice {
  readonly value: RegisterValue;
  confirmed(grantId: GrantId): ReadonlyMap<number, LeaseId>;
}

/** The third region is waited for so long at least where the two others disagree, in ms. */
const disputeMs = 250;

/** Somebody who wants to know. */
export type NoticeListener = (notice: Notice) => void;

/**
 * One global lock as this coordinator sees it: its proposals, one in flight, and what became known
 * of it on whatever way.
 */
export class GlobalRegister {
  readonly lock: GlobalLockId;
  readonly #context: GlobalContext;
  readonly #proposer: RegisterProposer;
  readonly #repairs: RegisterRepairs;
  readonly #listeners = new Set<NoticeListener>();
  readonly #followers: NoticeListener[] = [];
  readonly #silences = new Map<string, string>();
  #newest: RegisterValue | undefined;

  constructor(context: GlobalContext, lock: GlobalLockId) {
    this.#context = context;
    this.lock = lock;
    this.#repairs = new RegisterRepairs(context, lock);
    const { ballots, onGeneration, roundTripMs, farthestMs, onRound, tracer } = context;
    const { clock, random } = context.surroundings;
    this.#proposer = new RegisterProposer({
      acceptors: this.#acceptors(),
      ballots,
      clock,
      random,
      generation: () => generationOf(context),
      onGeneration,
      roundTripMs,
      farthestMs,
      // A region that is silent says so a little earlier, and then it is known.
      patienceMs: answerMs + 250,
      ...(onRound && { onRound }),
      ...(tracer && { tracer }),
    });
  }

  /** Nothing of it is kept in mind for anybody. */
  get isIdle(): boolean {
    return this.#proposer.isIdle && this.#listeners.size === 0 && this.#repairs.isIdle;
  }

  /** A change is under way: what is read plainly may be from before it. */
  get isChanging(): boolean {
    return !this.#proposer.isIdle;
  }

  /** The newest value that was seen; undefined where none was. */
  get newest(): RegisterValue | undefined {
    return this.#newest;
  }

  /** Why each region that did not answer lately did not. */
  get silences(): ReadonlyMap<string, string> {
    return this.#silences;
  }

  /** `isRepeat`: the request reached a coordinator before this one did [H5]. */
  submit(
    command: RegisterCommand,
    isRepeat: boolean,
    isOver: () => boolean,
    traceparent?: string,
  ): Promise<ProposerAnswer> {
    return new Promise((resolve) => {
      this.propose({ command, isRepeat, isOver, answer: resolve, traceparent });
    });
  }

  /** See {@link submit}. */
  propose(asking: Asking): void {
    const answer = (given: ProposerAnswer) => {
      asking.answer(given);
      if (given.kind === "decided") this.#notice(given);
    };
    this.#proposer.submit({ ...asking, answer });
  }

  /** Hears of everything that becomes known, until the answer is called. */
  listen(listener: NoticeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** As {@link listen}, by one who does not mind that the register is forgotten. */
  follow(follower: NoticeListener): void {
    this.#followers.push(follower);
  }

  /**
   * Reads all regions plainly; what two of them agree on is told to all who listen. Resolves when
   * all have answered, or `graceMs` after two agreed.
   */
  async look(graceMs = 0): Promise<Look> {
    const { regions, surroundings, farthestMs } = this.#context;
    const look = { shows: new Map<number, Showing>(), rttMs: new Map<number, number>() };
    const { promise, resolve } = Promise.withResolvers<void>();
    let grace: Timer | undefined;
    const startedMs = surroundings.clock.monotonicMs();
    const reads = regions.map(async (region, index) => {
      if (!(await this.#read(region, index, look.shows))) return;
      look.rttMs.set(index, surroundings.clock.monotonicMs() - startedMs);
      const seen = survey(look.shows);
      if (seen === undefined) {
        // Two that disagree say so soon: the third may be cut off, and somebody is to act on this.
        if (look.shows.size < majority) return;
        grace?.cancel();
        grace = surroundings.clock.schedule(
          Math.max(graceMs, disputeMs, 4 * farthestMs()),
          resolve,
        );
        return;
      }
      // As soon as two agree: the third may be cut off, and somebody waits for this.
      this.#notice(seen);
      if (seen.ballot !== undefined) this.#proposer.saw(seen.ballot, seen.value.version);
      // One region alone calls a holder gone: what the third says decides [H8].
      const doubtMs = seen.isInDoubt ? 2 * farthestMs() : 0;
      grace?.cancel();
      grace = surroundings.clock.schedule(Math.max(graceMs, doubtMs), resolve);
    });
    void Promise.all(reads).then(() => resolve());
    await promise;
    grace?.cancel();
    this.#tellLook(look.shows, surroundings.clock.monotonicMs() - startedMs);
    return look;
  }

  #tellLook(shows: ReadonlyMap<number, Showing>, tookMs: number): void {
    const isSilent = shows.size < majority;
    const outcome = isSilent ? "no_quorum" : survey(shows) === undefined ? "lost" : "won";
    this.#context.onRound?.("look", outcome, tookMs);
  }

  /** Ends what is done in the background. */
  stop(): void {
    this.#repairs.stop();
  }

  /** False where the region said nothing of the register. */
  async #read(region: VotingRegion, index: number, shows: Map<number, Showing>): Promise<boolean> {
    const reply = await region.read(this.lock, generationOf(this.#context), answerMs);
    if (isFailure(reply)) {
      this.#silences.set(region.region, reply.message);
      return false;
    }
    this.#silences.delete(region.region);
    if (reply.kind === "other-generation") {
      this.#context.onGeneration(reply.generation);
      return false;
    }
    shows.set(index, reply);
    return true;
  }

  #notice(notice: Notice): void {
    const { value } = notice;
    // A read may be older than what was decided here since.
    if (this.#newest !== undefined && value.version < this.#newest.version) return;
    this.#newest = value;
    for (const listener of [...this.#followers, ...this.#listeners]) listener(notice);
  }

  #acceptors(): Acceptors {
    const { regions } = this.#context;
    const heard = <R extends { readonly kind: string }>(index: number, reply: R) => {
      const name = regions[index]?.region ?? "";
      if (!isFailure(reply)) {
        this.#silences.delete(name);
        return reply as Exclude<R, { kind: "failure" }>;
      }
      this.#silences.set(name, reply.message);
      return undefined;
    };
    return {
      prepare: (index, request, answer, traceparent) => {
        this.#repairs.forget(index);
        const asked = regions[index]?.prepare(this.lock, request, answerMs, traceparent);
        void asked?.then((reply) => answer(heard(index, reply)));
      },
      accept: (index, request, answer, traceparent) => {
        this.#repairs.forget(index);
        const asked = regions[index]?.accept(this.lock, request, answerMs, traceparent);
        void asked?.then((reply) => answer(heard(index, reply)));
      },
      repair: (index: number, request: AcceptRequest) => this.#repairs.add(index, request),
    };
  }
}

/** What plain reads of all regions brought. */
export interface Look {
  readonly shows: ReadonlyMap<number, Showing>;
  /** How long each took that answered, in ms. */
  readonly rttMs: ReadonlyMap<number, number>;
}
