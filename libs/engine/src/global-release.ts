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
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { type GlobalContext, noQuorum } from "./global-context.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import { globalTenant } from "./global-view.ts";
import { isSite, locate } from "./local-context.ts";

/** What a call without a deadline may take, in ms. */
const withinMs = 4_500;
/** Grants that a force release names. */
const namedMax = 100;

/** Ends global grants and requests. */
export class GlobalRelease {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;

  constructor(context: GlobalContext, registers: GlobalRegisters) {
    this.#context = context;
    this.#registers = registers;
  }

  async release(command: ReleaseCommand, deadlineMs?: number): Promise<ReleaseOutcome> {
    const { lock, grantId, token } = command;
    const decided = await this.#decide(lock, { kind: "release", grantId, token }, deadlineMs);
    if ("code" in decided) return decided;
    this.#discount(command);
    const { outcome, value } = decided;
    if (outcome.kind === "released") {
      return { kind: "released", handedOver: value.holders.length > 0 };
    }
    const ended = value.recent.findLast((each) => each.grantId === grantId);
    const isLost = ended?.fate === "lost" || ended?.fate === "forced";
    return isLost
      ? failure("LOST", "The grant was lost before it was released: its session had ended.")
      : failure("NOT_HELD", "This grant does not hold the lock: it ended, or its token is wrong.");
  }

  async cancel(
    command: Pick<CancelCommand, "kind" | "lock" | "grantId" | "session">,
    deadlineMs?: number,
  ): Promise<CancelOutcome> {
    const { lock, grantId } = command;
    const decided = await this.#decide(lock, { kind: "cancel", grantId }, deadlineMs);
    if ("code" in decided) return decided;
    this.#discount(command);
    const { outcome } = decided;
    return { kind: "cancelled", found: outcome.kind === "cancelled" && outcome.found };
  }

  async force(command: ForceReleaseCommand, deadlineMs?: number): Promise<ForceReleaseOutcome> {
    const { lock, grantId } = command;
    const force = { kind: "force", ...(grantId === undefined ? {} : { grantId }) } as const;
    const decided = await this.#decide(lock, force, deadlineMs);
    if ("code" in decided) return decided;
    const { outcome } = decided;
    const holders = outcome.kind === "forced" ? outcome.holders : [];
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

  async #decide(
    lock: LockId,
    command: RegisterCommand,
    deadlineMs: number | undefined,
  ): Promise<{ outcome: RegisterOutcome; value: RegisterValue } | Failure> {
    const { clock } = this.#context.surroundings;
    const untilMs = deadlineMs ?? clock.monotonicMs() + withinMs;
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
      case "no-quorum": {
        const heard = answer.heard.map((index) => this.#context.regions[index]?.region ?? "");
        return noQuorum(heard, register.silences);
      }
    }
  }
}

const unknownEnd = failure(
  "UNKNOWN_OUTCOME",
  "Too few regions answered in time, and the request may have been carried out. Repeat it: that " +
    "finds out, and does nothing twice.",
);
