import type { Timer } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import { type GlobalRequest, registerLimits } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { majority } from "@holdfast/core/quorum/votes";
import type { GlobalContext } from "./global-context.ts";
import type { GlobalRegister, Notice } from "./global-register.ts";
import { placeOf } from "./global-view.ts";
import { RegisterHints } from "./register-hints.ts";

/** What one hears that waits in the register. */
interface Waiting {
  /** 1 is the head. */
  onPlace(place: number): void;
  onNotice(notice: Notice): void;
}

/** What one hears that waits for room in the register. */
interface InLine {
  onPlace(place: number): void;
  onNotice(notice: Notice): void;
  /** The register has room: ask it now. */
  onTurn(): void;
}

/** A look at all regions follows the one before no sooner, in ms. */
const pollMs = { min: 250, max: 5_000 };

/**
 * Those who wait for one global lock through this coordinator: in the register, or in line for a
 * place there. While there are any, it looks after the lock: nobody else wakes them [H7].
 */
export class GlobalQueue {
  readonly #context: GlobalContext;
  readonly #register: GlobalRegister;
  readonly #waiting = new Map<GrantId, Waiting>();
  readonly #places = new Map<GrantId, number>();
  readonly #line = new Map<GrantId, InLine>();
  /** Sent to the register for a place there, and not seen in it yet. */
  readonly #onTheirWay = new Set<GrantId>();
  readonly #hints: RegisterHints;
  #unlisten: (() => void) | undefined;
  #timer: Timer | undefined;
  #hastes = 0;
  #isLooking = false;
  /** Something happened after the look under way had begun. */
  #isStale = false;

  constructor(context: GlobalContext, register: GlobalRegister) {
    this.#context = context;
    this.#register = register;
    this.#hints = new RegisterHints(context, register.lock, {
      onValue: ({ version }) => {
        if (version > (register.newest?.version ?? -1)) void this.#look();
      },
      onDoubt: () => void this.#look(),
    });
  }

  get isIdle(): boolean {
    return this.length === 0;
  }

  /** Those who wait through this coordinator, in the register or for a place there. */
  get length(): number {
    return this.#waiting.size + this.#line.size + this.#onTheirWay.size;
  }

  /** Those who wait here for a place in the register. */
  get lineLength(): number {
    return this.#line.size;
  }

  /** Others of this region came first and wait for a place in the register. */
  get mustLineUp(): boolean {
    return this.#line.size > 0 || this.#room() <= 0;
  }

  /** The request stands in the register; returns how to leave. */
  wait(grantId: GrantId, waiting: Waiting): () => void {
    this.#onTheirWay.delete(grantId);
    this.#waiting.set(grantId, waiting);
    this.#start();
    return () => {
      this.#waiting.delete(grantId);
      this.#places.delete(grantId);
      this.#stopIfIdle();
    };
  }

  /** The request waits for room in the register; returns how to leave. */
  standInLine(grantId: GrantId, inLine: InLine): (() => void) | "full" {
    this.#onTheirWay.delete(grantId);
    const count = this.#waiting.size + this.#onTheirWay.size + this.#line.size;
    if (count >= limits.waitersPerLockMax) return "full";
    this.#line.set(grantId, inLine);
    this.#start();
    inLine.onPlace((this.#register.newest?.waiters.length ?? 0) + this.#line.size);
    return () => {
      this.#line.delete(grantId);
      this.#onTheirWay.delete(grantId);
      this.#stopIfIdle();
    };
  }

  /** Something became known; what is older than what was known already is not told. */
  tell(notice: Notice): void {
    if (notice.value.version < (this.#register.newest?.version ?? 0)) {
      void this.#look();
      return;
    }
    for (const [grantId, waiting] of [...this.#waiting]) {
      const place = placeOf(notice.value, grantId);
      if (place > 0 && place !== this.#places.get(grantId)) {
        this.#places.set(grantId, place);
        waiting.onPlace(place);
      }
      waiting.onNotice(notice);
    }
    for (const inLine of [...this.#line.values()]) inLine.onNotice(notice);
    this.#admit();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#hints.stop();
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  /** Those in line whose turn it is ask for their place, in order. */
  #admit(): void {
    for (const [grantId, inLine] of [...this.#line]) {
      if (this.#room() <= 0) return;
      this.#line.delete(grantId);
      this.#onTheirWay.add(grantId);
      inLine.onTurn();
    }
  }

  /** Places that the register has left for this region. */
  #room(): number {
    const waiters = this.#register.newest?.waiters ?? [];
    const isOurs = ({ region }: GlobalRequest) => region === this.#context.region;
    const used = waiters.filter(isOurs).length;
    const coming = [...this.#onTheirWay].filter(
      (grantId) => !waiters.some((waiter) => waiter.grantId === grantId),
    ).length;
    return registerLimits.waitersPerRegion - used - coming;
  }

  #start(): void {
    if (this.#unlisten !== undefined) return;
    this.#unlisten = this.#register.listen((notice) => this.tell(notice));
    this.#hints.start();
    this.#poll();
  }

  #stopIfIdle(): void {
    if (this.isIdle) this.stop();
  }

  /** Looks again between a quarter and half of the shortest ttl from now, or sooner in doubt. */
  #poll(): void {
    const { clock, random } = this.#context.surroundings;
    this.#timer?.cancel();
    const ttls = this.#register.newest?.holders.map(({ ttlMs }) => ttlMs) ?? [];
    const usualMs = Math.min(pollMs.max, ...ttls.map((ttlMs) => ttlMs / 2));
    const soonMs = pollMs.min * 2 ** this.#hastes;
    const delayMs = this.#hastes > 0 ? Math.min(usualMs, soonMs) : usualMs;
    this.#timer = clock.schedule(delayMs * (0.5 + random.next() / 2), () => void this.#look());
  }

  async #look(): Promise<void> {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#isStale && this.#unlisten !== undefined) {
      this.#isStale = false;
      await this.#lookOnce();
    }
    this.#isLooking = false;
    if (this.#unlisten !== undefined) this.#poll();
  }

  async #lookOnce(): Promise<void> {
    const { shows } = await this.#register.look();
    const seen = survey(shows);
    if (seen === undefined) {
      // Regions that agree on nothing are in the middle of a change, or were left there.
      if (shows.size < majority) return;
      if (++this.#hastes > 2) await this.#tend();
      return;
    }
    const { holders, waiters } = seen.value;
    const isStuck =
      holders.some(({ grantId }) => seen.liveness.get(grantId) === "gone") ||
      (holders.length === 0 && waiters.length > 0);
    this.#hastes = isStuck || seen.isInDoubt ? Math.min(this.#hastes + 1, 4) : 0;
    if (isStuck) await this.#tend();
  }

  /** Has the register changed by what the regions say; the head's own region goes first. */
  async #tend(): Promise<void> {
    const [head] = this.#register.newest?.waiters ?? [];
    if (head !== undefined && head.region !== this.#context.region) {
      const { clock, random } = this.#context.surroundings;
      const version = this.#register.newest?.version;
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.schedule(this.#context.roundTripMs() * (1 + 2 * random.next()), resolve);
      await promise;
      if (this.#register.newest?.version !== version) return;
    }
    await this.#register.submit({ kind: "tend" }, false, () => this.#unlisten === undefined);
  }
}
