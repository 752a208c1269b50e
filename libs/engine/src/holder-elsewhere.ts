import type { Tenant } from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { answerMs, type GlobalContext } from "./global-context.ts";
import { askThere, type There } from "./global-elsewhere.ts";
import type { Call } from "./ports/lock-tier.ts";

type Holders = Promise<readonly Tenant[] | undefined>;

/**
 * Who has one lock by delegation to another region. Each answer costs reads in every region, and
 * thousands may want to know: all who wait here are repeats once a router was replaced.
 */
export class HolderElsewhere {
  readonly #context: GlobalContext;
  readonly #lock: LockId;
  #last: { region: string; askedAtMs: number; holders: Holders } | undefined;

  constructor(context: GlobalContext, lock: LockId) {
    this.#context = context;
    this.#lock = lock;
  }

  /** As that region saw it, asked `sinceMs` ago at the earliest; undefined: it does not answer. */
  holders(there: There, call: Pick<Call, "hops">, sinceMs: number): Holders {
    const askedAtMs = this.#context.surroundings.clock.monotonicMs();
    const last = this.#last;
    if (last?.region === there.region && askedAtMs - last.askedAtMs < sinceMs) return last.holders;
    const get = { kind: "get", lock: this.#lock } as const;
    const asked = askThere(this.#context, there, get, call, askedAtMs + answerMs);
    const holders = asked.then((state) => (state.kind === "lock" ? state.holders : undefined));
    this.#last = { region: there.region, askedAtMs, holders };
    return holders;
  }
}
