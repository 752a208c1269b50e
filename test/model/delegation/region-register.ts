import type { GrantId } from "@holdfast/base/ids";
import { decide } from "@holdfast/core/quorum/register";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import { emptyRegister, type RegisterValue } from "@holdfast/core/quorum/register-value";
import { Interner, keyOf } from "../interner.ts";

/** What came of a command. */
export interface Applied {
  readonly register: number;
  readonly outcome: number;
  /** Whose liveness two regions have again. */
  readonly attached: readonly GrantId[];
  readonly before: RegisterValue;
  readonly value: RegisterValue;
}

/**
 * The register as one place in which commands are carried out at once, by the product's own
 * function. That three regions together are such a place is what the other scopes explore.
 */
export class RegionRegister {
  readonly commands = new Interner<RegisterCommand>();
  readonly outcomes = new Interner<RegisterOutcome>();
  readonly #values = new Interner<RegisterValue>();
  readonly #applied = new Map<string, Applied>();

  /** The register that nobody has written. */
  readonly first = this.#idOf(emptyRegister);

  at(register: number): RegisterValue {
    return this.#values.at(register);
  }

  /** The number of a command. */
  commandId(command: RegisterCommand): number {
    return this.commands.idOf(keyOf(command), () => command);
  }

  /** Carries a command out. `gone`: holders of whom two regions said that they live no more. */
  apply(register: number, command: number, gone: readonly GrantId[]): Applied {
    const key = `${register} ${command} ${gone.join()}`;
    let applied = this.#applied.get(key);
    if (applied === undefined) {
      applied = this.#carryOut(register, command, new Set(gone));
      this.#applied.set(key, applied);
    }
    return applied;
  }

  #carryOut(register: number, command: number, gone: ReadonlySet<GrantId>): Applied {
    const before = this.at(register);
    const { value, outcomes, attach } = decide(before, [this.commands.at(command)], gone);
    const [outcome] = outcomes;
    if (outcome === undefined) throw new Error("a command has an outcome");
    return {
      register: this.#idOf(value),
      outcome: this.outcomes.idOf(keyOf(outcome), () => outcome),
      attached: attach.map(({ grantId }) => grantId),
      before,
      value,
    };
  }

  /** Versions only count; nothing is forgotten in so short a story. */
  #idOf(value: RegisterValue): number {
    const recent = value.recent.map((ended) => ({ ...ended, version: 0 }));
    const same = { ...value, version: 0, recent };
    return this.#values.idOf(keyOf(same), () => same);
  }
}
