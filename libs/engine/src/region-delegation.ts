import { type Clock, sleep } from "@holdfast/base/clock";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import { randomId } from "@holdfast/base/random";
import { defaultDelegationPolicy, wasTwiceInARow } from "@holdfast/core/delegation/recall";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { DelegatedLock } from "./delegated-lock.ts";
import { DelegatedShard } from "./delegated-shard.ts";
import type { DelegationSession } from "./delegation-session.ts";
import type { Confirmed } from "./delegation-tenure.ts";
import { type GlobalContext, generationOf } from "./global-context.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";
import { RegisterHints } from "./register-hints.ts";

/** How long the shard's answer to a step is waited for before it is asked what it knows, in ms. */
const patienceMs = 1_000;
/** Looks at the regions before a proposal finds out what became of a delegation. */
const looksMax = 3;
/** A try waits so long for a delegation to be given back, in ms. */
const yieldMs = 1_000;
/** Requests kept in mind that went two ways. */
const mixedMax = 1_000;

/** What a {@link RegionDelegation} needs beside its register. */
export interface RegionDelegationOptions {
  readonly context: GlobalContext;
  readonly register: GlobalRegister;
  readonly session: () => DelegationSession<GlobalLockId>;
  readonly sessionOf: (request: GlobalRequest) => DelegationSession<GlobalLockId>;
  /** It was left to end here, because the shard was away or had lost what it knew. */
  readonly wasAbandoned: (session: SessionId) => boolean;
}

/**
 * One global lock as this region may have it delegated: when that is wanted, and what keeps the
 * coordinator informed while it is.
 */
export class RegionDelegation {
  readonly lock: DelegatedLock<GlobalLockId>;
  readonly #register: GlobalRegister;
  readonly #hints: RegisterHints;
  readonly #mayAsk: boolean;
  readonly #clock: Clock;
  readonly #region: string;
  readonly #roundTripMs: () => number;
  #isLooking = false;
  #learning: Promise<void> | undefined;
  readonly #mixed = new Set<GrantId>();
  /** The token of this region's last grant by the register. */
  #lastToken: bigint | undefined;
  /** That one came after another one of this region, with nobody between. */
  #wasTwice = false;

  constructor({ context, register, session, sessionOf, wasAbandoned }: RegionDelegationOptions) {
    const { region, local, surroundings, onGeneration } = context;
    const { lock } = register;
    const shard = new DelegatedShard({
      context: local,
      lock,
      generation: () => generationOf(context),
      onGeneration,
      refusal: context.refusal,
    });
    this.#register = register;
    this.#clock = surroundings.clock;
    this.#region = region;
    this.#roundTripMs = context.roundTripMs;
    this.#mayAsk = context.delegation !== undefined;
    this.lock = new DelegatedLock<GlobalLockId>({
      region,
      coordinator: context.coordinator,
      shard,
      register: { submit: (asking) => register.propose(asking) },
      lock,
      session,
      sessionOf,
      mayAdopt: (request) => {
        const isOfNow = request.grantId.endsWith(suffixOf(generationOf(context)));
        return isOfNow && !wasAbandoned(request.session);
      },
      peek: (answer) => void this.#peek(answer),
      onTakingPart: (isTakingPart) => (isTakingPart ? this.#hints.start() : this.#hints.stop()),
      newId: () => {
        return `${randomId(surroundings.random)}${suffixOf(generationOf(context))}` as GrantId;
      },
      clock: surroundings.clock,
      random: surroundings.random,
      policy: context.delegation ?? defaultDelegationPolicy,
      patienceMs,
      lookMs,
    });
    this.#hints = new RegisterHints(context, lock, {
      onValue: (value) => void this.#onValue(value),
      onHolderGone: (grantId) => this.lock.gone(grantId),
    });
    // Nobody here takes part, and yet it may be delegated to this region: its coordinator is gone.
    register.follow(({ value, confirmed }) => this.lock.hint(value, false, confirmed));
  }

  get isIdle(): boolean {
    return this.lock.isIdle;
  }

  /** The register granted it to a client of this region. */
  noteGrant(token: bigint): void {
    if (token === this.#lastToken) return;
    this.#wasTwice = wasTwiceInARow(this.#lastToken, token);
    this.#lastToken = token;
  }

  /**
   * A request that was asked here came to the register, too: whichever grants it, the other may.
   */
  noteMixed(grantId: GrantId): void {
    this.#mixed.add(grantId);
    const [oldest] = this.#mixed;
    if (this.#mixed.size > mixedMax && oldest !== undefined) this.#mixed.delete(oldest);
  }

  /** Whether it was noted so. */
  isMixed(grantId: GrantId): boolean {
    return this.#mixed.has(grantId);
  }

  /** A request that may wait had better be served by this region than by the register. */
  get isWanted(): boolean {
    if (this.lock.isTakingPart) return true;
    const value = this.#register.newest;
    if (!this.#mayAsk) return false;
    // Somebody of this region asks for it just now: the next one would have to wait.
    if (this.#register.isChanging) return true;
    if (value === undefined) return false;
    // It would have to wait, so others of this region may come meanwhile.
    if (value.holders.length + value.waiters.length > 0) return true;
    return this.#wasTwice && value.token === this.#lastToken;
  }

  /** Finds out whether the lock is delegated to this region, and goes on with that if it is. */
  async learn(): Promise<void> {
    await this.#register.look();
    const { newest } = this.#register;
    if (newest !== undefined) this.lock.hint(newest);
  }

  /**
   * To be awaited before anybody is asked to wait here: a coordinator that has just begun, and asks
   * for a delegation while an earlier one stands that it could go on with, waits for that to end.
   */
  async learnOnce(): Promise<void> {
    if (this.#register.newest !== undefined) return;
    this.#learning ??= this.learn();
    await this.#learning;
    this.#learning = undefined;
  }

  /**
   * Gives an idle delegation back for a try that no delegation serves; resolves when the register
   * is free, or cannot be soon.
   */
  async yieldIdle(): Promise<void> {
    if (!this.lock.yieldIdle()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.schedule(yieldMs, resolve);
    const unlisten = this.#register.listen(({ value }) => {
      if (value.holders.length === 0) resolve();
    });
    await promise;
    timer.cancel();
    unlisten();
  }

  stop(): void {
    this.lock.close();
    this.#hints.stop();
  }

  /**
   * This region accepted it. Where it says that the delegation was granted, plain reads confirm
   * that as soon as a second region shows the same; a proposal would take the promises of others
   * away.
   */
  async #onValue(value: RegisterValue): Promise<void> {
    const isOurs = value.holders.some(({ delegation, region }) => {
      return delegation === true && region === this.#region;
    });
    // Values that come meanwhile are looked for by the same looks.
    const isAskedFor = () => this.lock.delegation === "asked";
    const mustLook = isOurs && isAskedFor() && !this.#isLooking;
    this.#isLooking ||= mustLook;
    for (let looks = 0; looks < looksMax && mustLook && isAskedFor(); looks++) {
      await this.#register.look();
      if (isAskedFor()) await sleep(this.#clock, this.#roundTripMs());
    }
    if (mustLook) this.#isLooking = false;
    if (mustLook || !this.#isLooking) this.lock.hint(value);
  }

  async #peek(
    answer: (value: RegisterValue, isDoubtful: boolean, confirmed?: Confirmed) => void,
  ): Promise<void> {
    const { shows } = await this.#register.look();
    const seen = survey(shows);
    if (seen !== undefined) {
      const isDoubtful = [...seen.liveness.values()].some((liveness) => liveness !== "alive");
      answer(seen.value, isDoubtful, (grantId) => seen.confirmed(grantId));
      return;
    }
    // Regions that agree on nothing are in the middle of a change, or were left there.
    const values = [...shows.values()].flatMap(({ accepted }) => accepted?.value ?? []);
    const [newest] = values.sort((left, right) => right.version - left.version);
    if (newest !== undefined) answer(newest, true);
  }
}

/**
 * Of the sessions under which coordinators hold delegations. A client believes in what was
 * delegated no longer than that, so it must outlast what a region may stand still for; all other
 * regions wait for it when one is gone, so it is shorter than the ttl that sessions have by
 * themselves.
 */
export const delegationTtlMs = 10_000;

/** How often those who wait look whether it is their turn; up to twice that. */
const lookMs = 1_500;

/**
 * What the id of a delegation ends with. A shard that lost its data, or was set back, is admitted
 * under a new generation: what it says of a delegation of before it may be too old to go on from.
 */
function suffixOf(generation: number): string {
  return `-g${generation}`;
}
