import type { GrantId } from "@holdfast/base/ids";
import type { Mode } from "../lock/lock-id.ts";
import type { AcquireGlobal, RegisterCommand, RegisterOutcome } from "./register-command.ts";
import {
  type Ended,
  type Fate,
  type GlobalHolder,
  type GlobalRequest,
  type GlobalWaiter,
  nextToken,
  type RegisterValue,
  registerLimits,
} from "./register-value.ts";

/** What becomes of a register, should the new value be chosen. */
export interface Decision {
  /** The very value it was decided on, where nothing changed. */
  readonly value: RegisterValue;
  /** One for each command. */
  readonly outcomes: readonly RegisterOutcome[];
  /** Grants whose liveness the accept attaches: new ones, and those whose own session asks. */
  readonly attach: readonly GlobalHolder[];
}

/**
 * Carries out commands on a register's value, in order. `gone`: grants of which two regions said,
 * in the promises to this very ballot, that they live no more.
 */
export function decide(
  base: RegisterValue,
  commands: readonly RegisterCommand[],
  gone: ReadonlySet<GrantId>,
): Decision {
  const draft = new Draft(base);
  const asking = new Set<GrantId>();
  for (const command of commands) {
    if (command.kind === "acquire") asking.add(command.request.grantId);
    if (command.kind === "renew-delegation") asking.add(command.grantId);
  }
  // One that asks for its own grant lives, whatever the regions know of it yet.
  draft.removeGone((grantId) => gone.has(grantId) && !asking.has(grantId));
  draft.promote();
  const outcomes = commands.map((command) => {
    const outcome = carryOut(draft, command);
    draft.promote();
    return outcome;
  });
  return { ...draft.finish(), outcomes };
}

function carryOut(draft: Draft, command: RegisterCommand): RegisterOutcome {
  switch (command.kind) {
    case "acquire":
      return acquire(draft, command);
    case "release":
      return release(draft, command.grantId, command.token);
    case "cancel":
      return cancel(draft, command.grantId);
    case "withdraw":
      return withdraw(draft, command.grantId);
    case "renew-delegation":
      return renew(draft, command.grantId, command.token);
    case "force":
      return { kind: "forced", holders: draft.force(command.grantId) };
    case "tend":
      return { kind: "tended" };
  }
}

function acquire(draft: Draft, command: AcquireGlobal): RegisterOutcome {
  const { request, wait, mayBeGranted, since } = command;
  const { grantId } = request;
  const holder = draft.holder(grantId);
  if (holder !== undefined) {
    draft.attach(holder);
    return { kind: "granted", holder };
  }
  const ahead = draft.waiters.findIndex((waiter) => waiter.grantId === grantId);
  if (ahead >= 0) return { kind: "waiting", ahead };
  const ended = draft.ended(grantId);
  if (ended !== undefined) return { kind: "ended", fate: ended.fate };
  // Granted once more, a request could have the lock twice, and the second time nobody knows it.
  if ((mayBeGranted || since !== undefined) && !draft.remembers(since)) {
    return { kind: "forgotten" };
  }
  if (draft.isFreeFor(request.mode)) return { kind: "granted", holder: draft.grant(request) };
  if (wait) {
    if (draft.waitersOf(request.region) < registerLimits.waitersPerRegion) {
      draft.waiters.push(request);
      draft.changed();
      return { kind: "waiting", ahead: draft.waiters.length - 1 };
    }
    if (mayBeGranted) draft.end(grantId, "refused");
    return { kind: "full", isRefused: mayBeGranted };
  }
  if (mayBeGranted) draft.end(grantId, "refused");
  return { kind: "held", holders: [...draft.holders], waiting: draft.waiters.length };
}

function release(draft: Draft, grantId: GrantId, token: bigint): RegisterOutcome {
  const holder = draft.holder(grantId);
  if (holder !== undefined && holder.token === token) {
    draft.remove(holder, "released");
    return { kind: "released" };
  }
  const ended = draft.ended(grantId);
  if (ended?.fate === "released") return { kind: "released" };
  // "Not held" must stay true should a late copy of the acquire come.
  if (holder === undefined && ended === undefined) cancel(draft, grantId);
  return { kind: "not-held" };
}

function cancel(draft: Draft, grantId: GrantId): RegisterOutcome {
  const holder = draft.holder(grantId);
  if (holder !== undefined) {
    draft.remove(holder, "cancelled");
    return { kind: "cancelled", found: true };
  }
  if (draft.ended(grantId) !== undefined) return { kind: "cancelled", found: false };
  const found = draft.leaveLine(grantId);
  draft.end(grantId, "cancelled");
  return { kind: "cancelled", found };
}

function withdraw(draft: Draft, grantId: GrantId): RegisterOutcome {
  const holder = draft.holder(grantId);
  if (holder === undefined) return cancel(draft, grantId);
  draft.attach(holder);
  return { kind: "granted", holder };
}

/** Whatever was granted under the old counter has a lower token than what comes under the new. */
function renew(draft: Draft, grantId: GrantId, token: bigint): RegisterOutcome {
  const holder = draft.holder(grantId);
  if (holder?.delegation !== true) {
    return { kind: "ended", fate: draft.ended(grantId)?.fate ?? "lost" };
  }
  // A copy that comes late finds the counter raised already, and uses up none.
  const renewed = holder.token === token ? draft.renew(holder) : holder;
  draft.attach(renewed);
  return { kind: "granted", holder: renewed };
}

/**
 * Whether nothing that ended after version `since` has been dropped from `recent` [H6]: it is not
 * full, or goes back that far.
 */
export function remembers(recent: readonly Ended[], since: number | undefined): boolean {
  if (recent.length < registerLimits.recent) return true;
  const oldest = recent[0];
  return since !== undefined && oldest !== undefined && oldest.version <= since;
}

/** A register's value while commands are carried out on it. */
class Draft {
  readonly #base: RegisterValue;
  #token: bigint;
  #holders: GlobalHolder[];
  #waiters: GlobalWaiter[];
  #recent: Ended[];
  #attach: GlobalHolder[] = [];
  #isChanged = false;

  constructor(base: RegisterValue) {
    this.#base = base;
    this.#token = base.token;
    this.#holders = [...base.holders];
    this.#waiters = [...base.waiters];
    this.#recent = [...base.recent];
  }

  get holders(): readonly GlobalHolder[] {
    return this.#holders;
  }

  get waiters(): GlobalWaiter[] {
    return this.#waiters;
  }

  holder(grantId: GrantId): GlobalHolder | undefined {
    return this.#holders.find((holder) => holder.grantId === grantId);
  }

  ended(grantId: GrantId): Ended | undefined {
    return this.#recent.findLast((ended) => ended.grantId === grantId);
  }

  waitersOf(region: string): number {
    return this.#waiters.filter((waiter) => waiter.region === region).length;
  }

  /** Nothing that ended after version `since` has been dropped. */
  remembers(since: number | undefined): boolean {
    return remembers(this.#recent, since);
  }

  isFreeFor(mode: Mode): boolean {
    return this.#waiters.length === 0 && this.#fits(mode);
  }

  grant(request: GlobalRequest): GlobalHolder {
    this.#token = nextToken(this.#token);
    const holder = { ...request, token: this.#token };
    this.#holders.push(holder);
    this.#attach.push(holder);
    this.#isChanged = true;
    return holder;
  }

  renew(holder: GlobalHolder): GlobalHolder {
    const renewed = { ...holder, token: nextToken(this.#token) };
    this.#token = renewed.token;
    this.#holders = this.#holders.map((each) => (each === holder ? renewed : each));
    this.#attach = this.#attach.filter((each) => each !== holder);
    this.#isChanged = true;
    return renewed;
  }

  attach(holder: GlobalHolder): void {
    if (!this.#attach.includes(holder)) this.#attach.push(holder);
  }

  changed(): void {
    this.#isChanged = true;
  }

  /** Everybody at the head of the line whom nobody excludes. */
  promote(): void {
    for (;;) {
      const head = this.#waiters[0];
      if (head === undefined || !this.#fits(head.mode)) return;
      this.#waiters.shift();
      this.grant(head);
    }
  }

  removeGone(isGone: (grantId: GrantId) => boolean): void {
    for (const holder of [...this.#holders]) {
      if (isGone(holder.grantId)) this.remove(holder, "lost");
    }
  }

  force(grantId: GrantId | undefined): readonly GlobalHolder[] {
    const removed = this.#holders.filter(
      (each) => grantId === undefined || each.grantId === grantId,
    );
    for (const holder of removed) this.remove(holder, "forced");
    return removed;
  }

  remove(holder: GlobalHolder, fate: Fate): void {
    this.#holders = this.#holders.filter((each) => each !== holder);
    this.#attach = this.#attach.filter((each) => each !== holder);
    this.end(holder.grantId, fate);
  }

  leaveLine(grantId: GrantId): boolean {
    const length = this.#waiters.length;
    this.#waiters = this.#waiters.filter((waiter) => waiter.grantId !== grantId);
    return this.#waiters.length < length;
  }

  end(grantId: GrantId, fate: Fate): void {
    this.#recent.push({ grantId, fate, version: this.#base.version + 1 });
    if (this.#recent.length > registerLimits.recent) this.#recent.shift();
    this.#isChanged = true;
  }

  finish(): { readonly value: RegisterValue; readonly attach: readonly GlobalHolder[] } {
    if (!this.#isChanged) return { value: this.#base, attach: this.#attach };
    const value = {
      token: this.#token,
      holders: this.#holders,
      waiters: this.#waiters,
      recent: this.#recent,
      version: this.#base.version + 1,
    };
    return { value, attach: this.#attach };
  }

  #fits(mode: Mode): boolean {
    if (this.#holders.length === 0) return true;
    if (mode === "exclusive") return false;
    return (
      this.#holders.every((holder) => holder.mode === "shared") &&
      this.#holders.length < registerLimits.sharedHolders
    );
  }
}
