import { type Failure, failure } from "@holdfast/base/failure";
import type {
  CancelCommand,
  ForceReleaseCommand,
  ReleaseCommand,
} from "@holdfast/core/command/command";
import type {
  CancelOutcome,
  ForceReleaseOutcome,
  ReleaseOutcome,
} from "@holdfast/core/command/outcome";
import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import {
  emptyRegister,
  type GlobalHolder,
  type RegisterValue,
} from "@holdfast/core/quorum/register-value";
import type { CancelAnswer } from "./delegated-asking.ts";
import { DelegatedEnding } from "./delegated-ending.ts";
import { readDelegated } from "./delegated-view.ts";
import { type GlobalContext, noQuorum } from "./global-context.ts";
import { askThere, delegatedTo, isPassedOn, whoDecides } from "./global-elsewhere.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import { globalTenant } from "./global-view.ts";
import { isSite, locate } from "./local-context.ts";
import type { Call } from "./ports/lock-tier.ts";

/** What a call without a deadline may take, in ms. */
const withinMs = 4_500;
/** Where a request may have been asked; `here`: in this region's shard alone. */
export type Whereabouts = "here" | "register" | "anywhere";

const nothingHere: Promise<CancelAnswer> = Promise.resolve({
  kind: "cancelled",
  found: false,
  refused: false,
});
const nothingThere = {
  outcome: { kind: "cancelled", found: false },
  value: emptyRegister,
} as const satisfies { outcome: RegisterOutcome; value: RegisterValue };
/** Grants that a force release names. */
const namedMax = 100;

/** Ends global grants and requests. */
export class GlobalRelease {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;
  readonly #here: DelegatedEnding;

  constructor(context: GlobalContext, registers: GlobalRegisters) {
    this.#context = context;
    this.#registers = registers;
    this.#here = new DelegatedEnding(context, registers);
  }

  async release(command: ReleaseCommand, call: Call): Promise<ReleaseOutcome> {
    const { lock, grantId, token } = command;
    if (isLocalToken(token)) return this.#releaseHere(command, call);
    // A copy of its request may wait in this region, and be granted there once it is delegated.
    const here = command.repeated ? this.#here.cancel(command, this.#untilMs(call)) : nothingHere;
    const decided = await this.#decide(lock, { kind: "release", grantId, token }, call);
    if ("code" in decided) return decided;
    const there = command.repeated && (await this.#leaveLines(command, decided.value, call));
    if ((await here).kind === "unknown" || there === "unknown") return unknownEnd;
    this.#discount(command);
    const { outcome, value } = decided;
    if (outcome.kind === "released") {
      return { kind: "released", handedOver: value.holders.length > 0 };
    }
    const ended = value.recent.findLast((each) => each.grantId === grantId);
    const isLost = ended?.fate === "lost" || ended?.fate === "forced";
    return isLost
      ? failure("LOST", "The grant was lost before it was released: its session had ended.")
      : notHeld;
  }

  /** What a delegation gave out only the shard of its region can take back. */
  async #releaseHere(command: ReleaseCommand, call: Call): Promise<ReleaseOutcome> {
    const { lock, grantId } = command;
    const untilMs = this.#untilMs(call);
    const { register, delegation } = this.#registers.of(lock);
    const left = await this.#here.release(command, untilMs);
    if (left.kind === "unknown") return unknownEnd;
    this.#discount(command);
    if (left.found) {
      // A copy of its request may wait in the register, and would have the lock for nobody.
      const isBesides = command.repeated || delegation.isMixed(grantId);
      const ended = isBesides && (await this.#decide(lock, { kind: "cancel", grantId }, call));
      if (ended && "code" in ended) return unknownEnd;
      const there = ended && (await this.#leaveLines(command, ended.value, call));
      if (there === "unknown") return unknownEnd;
      return { kind: "released", handedOver: left.handedOver };
    }
    // A copy of it may have been granted by the register meanwhile: that one goes, too.
    const decider = command.repeated
      ? await this.#decideEnd(command, call)
      : await whoDecides(this.#context, register, call);
    if (decider === "here" || decider === "none") {
      return left.wasRepeated ? { kind: "released", handedOver: false } : notHeld;
    }
    if ("code" in decider) return decider;
    return askThere(this.#context, decider, command, call, untilMs);
  }

  /**
   * A copy of a request may stand in another region's own line, which the register knows nothing
   * of, and would have the lock for nobody. `unknown`: the region that hands it out now did not
   * answer. Any other may be out of reach, and is waited for no longer than it is near.
   */
  async #leaveLines(
    { lock, grantId, session }: Pick<CancelCommand, "lock" | "grantId" | "session">,
    value: RegisterValue,
    call: Pick<Call, "deadlineMs" | "hops">,
    where: "everywhere" | "decider" = "everywhere",
  ): Promise<{ readonly found: boolean } | "unknown"> {
    if (isPassedOn(call)) return { found: false };
    const { coordinators, farthestMs, surroundings } = this.#context;
    const decider = delegatedTo(this.#context, value, call)?.region;
    const cancel = { kind: "cancel", lock, grantId, ...(session && { session }) } as const;
    const untilMs = this.#untilMs(call);
    const brieflyMs = Math.min(untilMs, surroundings.clock.monotonicMs() + 4 * farthestMs());
    const asked = [...coordinators]
      .filter(([region]) => where === "everywhere" || region === decider)
      .map(async ([region, tier]) => {
        const isDecider = region === decider;
        const withinMs = isDecider ? untilMs : brieflyMs;
        const left = await askThere(this.#context, { region, tier }, cancel, call, withinMs);
        if (left.kind === "cancelled") return left.found;
        return isDecider ? "unknown" : false;
      });
    const answers = await Promise.all(asked);
    return answers.includes("unknown") ? "unknown" : { found: answers.includes(true) };
  }

  async #decideEnd({ lock, grantId }: ReleaseCommand, call: Call) {
    const decided = await this.#decide(lock, { kind: "cancel", grantId }, call);
    if ("code" in decided) return decided;
    return delegatedTo(this.#context, decided.value, call) ?? "none";
  }

  async cancel(
    command: Pick<CancelCommand, "kind" | "lock" | "grantId" | "session">,
    call: Pick<Call, "deadlineMs" | "hops">,
    asked: Whereabouts = "anywhere",
  ): Promise<CancelOutcome> {
    const { lock, grantId } = command;
    const untilMs = this.#untilMs(call);
    const here = asked === "register" ? nothingHere : this.#here.cancel(command, untilMs);
    const decided =
      asked === "here" ? nothingThere : await this.#decide(lock, { kind: "cancel", grantId }, call);
    if ("code" in decided) return decided;
    const where = asked === "anywhere" ? "everywhere" : "decider";
    const [left, there] = await Promise.all([
      here,
      asked === "here" || this.#leaveLines(command, decided.value, call, where),
    ]);
    // A step that stalls, or a copy of it in another region, may get the lock yet.
    if (left.kind === "unknown" || there === "unknown") return unknownEnd;
    this.#discount(command);
    const isFound = (each: CancelAnswer | RegisterOutcome) =>
      each.kind === "cancelled" && each.found;
    const found = isFound(left) || isFound(decided.outcome) || (there !== true && there.found);
    return { kind: "cancelled", found };
  }

  async force(command: ForceReleaseCommand, call: Call): Promise<ForceReleaseOutcome> {
    const { lock, grantId } = command;
    const byRegion = await this.#forceByRegion(command, call);
    if (byRegion !== undefined) return byRegion;
    const force = { kind: "force", ...(grantId === undefined ? {} : { grantId }) } as const;
    const decided = await this.#decide(lock, force, call);
    if ("code" in decided) return decided;
    const { outcome } = decided;
    return this.#forced(outcome.kind === "forced" ? outcome.holders : []);
  }

  /**
   * A delegated lock is taken away by the region that decides who has it, for it would go on
   * handing it over otherwise. Undefined where none does, or where that region cannot be reached:
   * then the delegation itself is taken away.
   */
  async #forceByRegion(
    command: ForceReleaseCommand,
    call: Call,
  ): Promise<ForceReleaseOutcome | undefined> {
    const { lock, grantId } = command;
    const { register } = this.#registers.of(lock);
    const decider = await whoDecides(this.#context, register, call);
    if (decider === "none") return undefined;
    if (decider !== "here") {
      if ("code" in decider) return decider;
      const untilMs = this.#untilMs(call);
      const outcome = await askThere(this.#context, decider, command, call, untilMs);
      return outcome.kind === "force-released" || grantId !== undefined ? outcome : undefined;
    }
    const view = await readDelegated(this.#context, lock);
    if (view.kind === "failure") return grantId === undefined ? undefined : view;
    const [holder] = view.holders;
    if (holder === undefined || (grantId !== undefined && holder.grantId !== grantId)) {
      return this.#forced([]);
    }
    const left = await this.#here.release({ ...holder, lock }, this.#untilMs(call));
    if (left.kind === "unknown") return unknownEnd;
    return this.#forced(left.found ? [holder] : []);
  }

  #forced(holders: readonly GlobalHolder[]): ForceReleaseOutcome {
    const nowMs = this.#context.surroundings.clock.wallMs();
    return {
      kind: "force-released",
      released: holders.slice(0, namedMax).map((holder) => globalTenant(holder, nowMs)),
      releasedCount: holders.length,
    };
  }

  /** One of its session's places is free again. */
  #discount({ lock, grantId, session }: Pick<CancelCommand, "lock" | "grantId" | "session">): void {
    const { local, region } = this.#context;
    const site = session === undefined ? undefined : locate(local, { ...lock, region });
    if (session !== undefined && site !== undefined && isSite(site)) {
      local.sessions.discount(session, site.shard.name, grantId);
    }
  }

  #untilMs({ deadlineMs }: Pick<Call, "deadlineMs">): number {
    return deadlineMs ?? this.#context.surroundings.clock.monotonicMs() + withinMs;
  }

  async #decide(
    lock: LockId,
    command: RegisterCommand,
    call: Pick<Call, "deadlineMs">,
  ): Promise<{ outcome: RegisterOutcome; value: RegisterValue } | Failure> {
    const { clock } = this.#context.surroundings;
    const untilMs = this.#untilMs(call);
    const { register } = this.#registers.of(lock);
    const answer = await register.submit(command, false, () => clock.monotonicMs() >= untilMs);
    switch (answer.kind) {
      case "decided":
        return answer;
      case "unknown":
        return unknownEnd;
      case "contended":
        return failure("CONTENDED", "Others were faster too often. Try again.", {
          retryAfterMs: 200,
        });
      case "no-quorum":
        return this.#noQuorum(answer.heard, register);
    }
  }

  #noQuorum(heard: readonly number[], { silences }: GlobalRegister): Failure {
    const names = heard.map((index) => this.#context.regions[index]?.region ?? "");
    return noQuorum(names, silences);
  }
}

const notHeld = failure(
  "NOT_HELD",
  "This grant does not hold the lock: it ended, or its token is wrong.",
);

const unknownEnd = failure(
  "UNKNOWN_OUTCOME",
  "Too few regions answered in time, and the request may have been carried out. Repeat it: that " +
    "finds out, and does nothing twice.",
);
