import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { limits } from "../limits.ts";
import type { LockId } from "../lock/lock-id.ts";
import { zeroBallot } from "../quorum/ballot.ts";
import type { Accepted } from "../quorum/message.ts";
import { remembers } from "../quorum/register.ts";
import { decodeAccepted } from "../quorum/register-codec.ts";
import {
  emptyRegister,
  type Fate,
  type GlobalHolder,
  type GlobalWaiter,
  type RegisterValue,
} from "../quorum/register-value.ts";
import type { Happening, OfRegister, RegisterEndCause, Tenure, WaiterLeftCause } from "./event.ts";
import type { KeyChange } from "./key-changes.ts";
import { isGrantId, requesterOf, unreadable } from "./tenure.ts";

/**
 * What a region's copy of a register shows that it did not show before, from the two accepted
 * values alone. What ended comes first, then who left the line, what began, who joined the line.
 *
 * A copy may skip versions, and may have held a value that no quorum chose; so an accepted version
 * can even be lower than the one before. What is lost then:
 * - of a tenure that began and ended in skipped versions nothing is told here. The two copies that
 *   made each of those versions chosen do tell it;
 * - how a tenure ended, where the register remembers it no more (`unknown`);
 * - the version that made a change: all that was skipped is told under the newer one.
 */
export function registerEvents(lock: LockId, { before, after }: KeyChange): Happening[] {
  const shown = before === undefined ? nothingAccepted : readAccepted(before.value);
  const shows = after === undefined ? nothingAccepted : readAccepted(after.value);
  if (shows === undefined) return [unreadable("a", "put", { lock })];
  // What a copy showed that cannot be read has been told as such; all that stands now is new.
  const step = new Step(lock, (shown ?? nothingAccepted).value, shows);
  return after === undefined
    ? [unreadable("a", "deleted", { lock }), ...step.events()]
    : step.events();
}

const tokenMax = 2n ** 64n - 1n;
const nowhere: LockId = { region: "", namespace: "", name: "" };
const nothingAccepted: Accepted = { ballot: zeroBallot, value: emptyRegister };

/** From one accepted value of a copy to the next. */
class Step {
  readonly #lock: LockId;
  readonly #base: RegisterValue;
  readonly #next: RegisterValue;
  readonly #of: OfRegister;

  constructor(lock: LockId, base: RegisterValue, { ballot, value }: Accepted) {
    this.#lock = lock;
    this.#base = base;
    this.#next = value;
    this.#of = { ballot, version: value.version };
  }

  events(): Happening[] {
    const found = [
      ...this.#base.holders.flatMap((holder) => this.#ended(holder)),
      ...this.#base.waiters.flatMap((waiter) => this.#left(waiter)),
      ...this.#next.holders.flatMap((holder) => this.#began(holder)),
      ...this.#next.waiters.flatMap((waiter) => this.#joined(waiter)),
      ...this.#refused(),
    ];
    if (found.length > 0) return found;
    return [{ kind: "GlobalAccepted", lock: this.#lock, ...this.#of }];
  }

  #ended(holder: GlobalHolder): Happening[] {
    const now = holderIn(this.#next, holder.grantId);
    if (now?.token === holder.token || isRenewed(holder, now)) return [];
    const cause = now === undefined ? this.#fateOf(holder.grantId) : "unchosen";
    const kind = holder.delegation === true ? "DelegationEnded" : endKind(cause);
    return [{ kind, ...this.#tenure(holder), cause }];
  }

  #left(waiter: GlobalWaiter): Happening[] {
    const { grantId } = waiter;
    const isThere = this.#next.waiters.some((each) => each.grantId === grantId);
    if (isThere || holderIn(this.#next, grantId) !== undefined) return [];
    const cause = leftCause(this.#fateOf(grantId));
    return [{ kind: "WaiterLeft", ...this.#requester(waiter), cause, ...this.#of }];
  }

  #began(holder: GlobalHolder): Happening[] {
    const was = holderIn(this.#base, holder.grantId);
    if (was?.token === holder.token) return [];
    const tenure = this.#tenure(holder);
    if (was !== undefined && isRenewed(was, holder)) {
      return [{ kind: "DelegationRenewed", ...tenure }];
    }
    return [{ kind: holder.delegation ? "DelegationGiven" : "GlobalGranted", ...tenure }];
  }

  #joined(waiter: GlobalWaiter): Happening[] {
    if (this.#base.waiters.some((each) => each.grantId === waiter.grantId)) return [];
    return [{ kind: "WaiterQueued", ...this.#requester(waiter), ...this.#of }];
  }

  /** Requests that got nothing, neither the lock nor a place, and never will. */
  #refused(): Happening[] {
    const lock = this.#lock;
    return this.#next.recent.flatMap(({ grantId, fate, version }): Happening[] => {
      if (fate !== "refused" && fate !== "cancelled") return [];
      const isKnown = this.#base.recent.some(
        (each) => each.grantId === grantId && each.version === version,
      );
      const had = [...this.#base.holders, ...this.#base.waiters];
      if (isKnown || had.some((each) => each.grantId === grantId)) return [];
      return [{ kind: "GlobalRefused", lock, grantId, cause: fate, ...this.#of }];
    });
  }

  #fateOf(grantId: GrantId): RegisterEndCause {
    const { recent, version } = this.#next;
    // The older of two values never came after the newer one: the newer one was not chosen.
    if (version <= this.#base.version) return "unchosen";
    const fate = recent.findLast((ended) => ended.grantId === grantId)?.fate;
    // A refused request never had the lock in any value that was chosen.
    if (fate !== undefined) return fate === "refused" ? "unchosen" : fate;
    return remembers(recent, this.#base.version) ? "unchosen" : "unknown";
  }

  #tenure(holder: GlobalHolder): Tenure & OfRegister & { readonly home: string } {
    const { token, region: home } = holder;
    return { ...this.#requester(holder), token, home, ...this.#of };
  }

  #requester(request: GlobalWaiter) {
    const requester = requesterOf(this.#lock, request);
    invariant(requester !== undefined, "only values that are sound are compared");
    return requester;
  }
}

/** Undefined where the bytes cannot be read, or hold what no coordinator would write. */
function readAccepted(bytes: Uint8Array): Accepted | undefined {
  const accepted = decodeAccepted(bytes);
  return accepted !== undefined && isSound(accepted.value) ? accepted : undefined;
}

function isSound({ holders, waiters, recent, version }: RegisterValue): boolean {
  return (
    Number.isSafeInteger(version) &&
    version >= 0 &&
    holders.every((holder) => isWhole(holder) && holder.token >= 0n && holder.token <= tokenMax) &&
    waiters.every(isWhole) &&
    recent.every(({ grantId, fate }) => isGrantId(grantId) && Object.hasOwn(leftCauses, fate))
  );
}

function isWhole(request: GlobalWaiter): boolean {
  const { region } = request;
  const isRegion = typeof region === "string" && region.length <= limits.regionBytesMax;
  return isRegion && requesterOf(nowhere, request) !== undefined;
}

function holderIn({ holders }: RegisterValue, grantId: GrantId): GlobalHolder | undefined {
  return holders.find((holder) => holder.grantId === grantId);
}

/** A delegation goes on under the next counter; nothing else changes its token. */
function isRenewed(was: GlobalHolder, now: GlobalHolder | undefined): boolean {
  return was.delegation === true && now?.delegation === true && now.token > was.token;
}

function endKind(cause: RegisterEndCause) {
  if (cause === "lost") return "GlobalTakenOver" as const;
  return cause === "forced" ? ("GlobalForceReleased" as const) : ("GlobalReleased" as const);
}

const leftCauses: Readonly<Record<Fate | "unchosen" | "unknown", WaiterLeftCause>> = {
  cancelled: "withdrawn",
  refused: "withdrawn",
  released: "granted",
  lost: "granted",
  forced: "granted",
  unchosen: "unchosen",
  unknown: "unknown",
};

function leftCause(cause: RegisterEndCause): WaiterLeftCause {
  return leftCauses[cause];
}
