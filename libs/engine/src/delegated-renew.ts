import { sleep } from "@holdfast/base/clock";
import { failure, isFailure } from "@holdfast/base/failure";
import type { RenewCommand } from "@holdfast/core/command/command";
import type { RenewOutcome } from "@holdfast/core/command/outcome";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { homeOf } from "./delegated-request.ts";
import { readDelegated } from "./delegated-view.ts";
import { answerMs, type GlobalContext } from "./global-context.ts";
import { askThere, whoDecides } from "./global-elsewhere.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import { isOwnSession } from "./own-session.ts";
import type { Call } from "./ports/lock-tier.ts";

/** How long a delegation that is about to be vouched for is waited for, in ms. */
const patienceMs = 2_000;
const pauseMs = 100;

/** Says how long a grant that a delegation gave out may still be believed in. */
export class DelegatedRenew {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;

  constructor(context: GlobalContext, registers: GlobalRegisters) {
    this.#context = context;
    this.#registers = registers;
  }

  async renew(command: RenewCommand, call: Call): Promise<RenewOutcome> {
    const { lock, grantId, token } = command;
    const { delegation, register } = this.#registers.of(lock);
    const known = delegation.lock.validForMs(grantId, token);
    // A grant with a ttl of its own says so in every renewal: it has no other heartbeats.
    if (known > 0 && command.ttlMs === undefined) return renewed(known);
    const view = await readDelegated(this.#context, lock);
    const held = isFailure(view) ? undefined : view.holders.find((each) => each.token === token);
    if (held?.grantId === grantId) return this.#renewHere(command, held);
    const decider = await whoDecides(this.#context, register, call);
    if (decider === "here") return isFailure(view) ? view : notHeld;
    if (decider === "none") return notHeld;
    if ("code" in decider) return decider;
    const { clock } = this.#context.surroundings;
    const untilMs = call.deadlineMs ?? clock.monotonicMs() + patienceMs;
    return askThere(this.#context, decider, command, call, untilMs);
  }

  /** The shard has it; whether the delegation is in force may have to be found out first. */
  async #renewHere(command: RenewCommand, holder: GlobalHolder): Promise<RenewOutcome> {
    const { lock, grantId, token, ttlMs } = command;
    if (ttlMs !== undefined && ttlMs !== holder.ttlMs) return otherTtl(holder.ttlMs);
    const { clock } = this.#context.surroundings;
    const lease = isOwnSession(holder.session)
      ? await homeOf(this.#context).keepAlive(lock, holder.session, answerMs)
      : undefined;
    if (lease !== undefined && isFailure(lease)) return lease;
    const { delegation } = this.#registers.of(lock);
    const untilMs = clock.monotonicMs() + patienceMs;
    // Another coordinator may have granted it, or this one in an earlier life.
    delegation.lock.need(grantId);
    if (delegation.lock.validForMs(grantId, token) === 0) await delegation.learn();
    do {
      const validForMs = delegation.lock.validForMs(grantId, token);
      if (validForMs > 0) return renewed(Math.min(validForMs, lease?.validForMs ?? validForMs));
    } while ((await sleep(clock, pauseMs)) === "elapsed" && clock.monotonicMs() < untilMs);
    return (await this.#isDelegationGone(command)) ? lost : notVouched;
  }

  /** Two regions say so, whoever may still be trying to keep it. */
  async #isDelegationGone({ lock }: RenewCommand): Promise<boolean> {
    const { shows } = await this.#registers.of(lock).register.look();
    const seen = survey(shows);
    const [delegate] = seen?.value.holders ?? [];
    if (seen === undefined) return false;
    const isOurs = delegate?.delegation && delegate.region === this.#context.region;
    return !isOurs || seen.liveness.get(delegate.grantId) === "gone";
  }
}

function renewed(validForMs: number): RenewOutcome {
  return { kind: "renewed", validForMs: Math.floor(validForMs) };
}

const notHeld = failure(
  "NOT_HELD",
  "This grant does not hold the lock: it ended, or its token is wrong.",
);

const lost = failure(
  "LOST",
  "The lock is not delegated to this region any more, and the grant ended with that. Ask for it again.",
);

const notVouched = failure(
  "NO_QUORUM",
  "Too few regions confirm that the lock is still delegated to this one. Try again.",
  { retryAfterMs: 250 },
);

/** A grant keeps its ttl for as long as it lasts. */
export function otherTtl(ttlMs: number) {
  return failure(
    "INVALID_ARGUMENT",
    `A global grant keeps the ttl it was acquired with, ${ttlMs} ms.`,
    { field: "ttl_ms" },
  );
}
