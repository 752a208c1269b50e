import type { Failure } from "@holdfast/base/failure";
import { type AttemptOutcome, attemptOf } from "@holdfast/core/audit/attempt";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "../ports/lock-tier.ts";
import type { AttemptStream } from "./attempt-stream.ts";

/**
 * Tells of what the tier behind it refused to clients. What another router asked is told by that
 * one, which knows the client.
 */
export class ObservedTier implements LockTier {
  readonly #tier: LockTier;
  readonly #stream: Pick<AttemptStream, "tell">;

  constructor(tier: LockTier, stream: Pick<AttemptStream, "tell">) {
    this.#tier = tier;
    this.#stream = stream;
  }

  async execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    const outcome = await this.#tier.execute(command, call);
    if (call.hops === 0) this.#tellOf(command, outcome);
    return outcome;
  }

  async list(query: ListQuery, call: Call): Promise<ListPage | Failure> {
    const page = await this.#tier.list(query, call);
    if (page.kind === "failure" && call.hops === 0) {
      this.#stream.tell({ asked: "list", outcome: page.code });
    }
    return page;
  }

  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    const failed = await this.#tier.watch(query, listener, call);
    if (failed !== undefined && call.hops === 0) {
      this.#stream.tell({ asked: "watch", outcome: failed.code });
    }
    return failed;
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const outcome = await this.#tier.acquireMany(request, call);
    if (call.hops > 0) return outcome;
    for (const [at, acquire] of request.acquires.entries()) {
      const each = outcome.kind === "many" ? outcome.outcomes[at] : outcome;
      if (each !== undefined) this.#tellOf(acquire, each);
    }
    return outcome;
  }

  #tellOf(command: Command, outcome: Outcome): void {
    const refused = refusalIn(outcome);
    if (refused !== undefined) this.#stream.tell({ ...attemptOf(command), outcome: refused });
  }
}

/** Undefined where the caller got what it asked for, or gave up asking. */
function refusalIn(outcome: Outcome): AttemptOutcome | undefined {
  switch (outcome.kind) {
    case "failure":
      return outcome.code;
    case "held":
    case "timeout":
    case "deadlock":
      return outcome.kind;
    default:
      return undefined;
  }
}
