import type { GrantId } from "@holdfast/base/ids";
import type { LocalStep } from "@holdfast/core/delegation/local-step";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { Violation } from "@holdfast/simulator/history/run";
import { Interner } from "../interner.ts";
import { tokenText } from "../speech.ts";
import type { RegionState, TurnTaken } from "./region-action.ts";
import { type LocalClient, localNames, type Visitor, visitOf } from "./region-clients.ts";
import type { Asked, Coordinator, Told } from "./region-coordinator.ts";
import { coordinatorKey } from "./region-keys.ts";
import { RegionRegister } from "./region-register.ts";
import type { RegionScope } from "./region-scope.ts";
import { RegionShard } from "./region-shard.ts";

/** Where in a state each part is; the register is first, then the shard. */
export const columns = { coordinators: 2, clients: 4, visitor: 6, rest: 7, width: 8 } as const;

/** What is left of what may go wrong, and what nobody waits for. */
export interface Rest {
  readonly generation: number;
  readonly stalls: number;
  readonly crashes: number;
  readonly wipes: number;
  readonly delegations: number;
  readonly renewals: number;
  /** Holders whose leases have ended in two regions. */
  readonly gone: readonly GrantId[];
  /** The highest token that anybody believed in. */
  readonly highest: bigint;
  /** Steps (even) and commands (odd) that may still be carried out. */
  readonly stalled: readonly number[];
}

/** What a state is made of, and what is done to it; what nobody may see happen is found here. */
export class RegionParts {
  readonly scope: RegionScope;
  /** Leave out nothing that could matter to a sabotaged build. */
  readonly isExact: boolean;
  readonly shard = new RegionShard();
  readonly register = new RegionRegister();
  readonly coordinators = new Interner<Coordinator>();
  readonly clients = new Interner<LocalClient>();
  readonly visitors = new Interner<Visitor>();
  readonly rests = new Interner<Rest>();
  readonly #after = new Uint32Array(columns.width);
  readonly #commandIds = new WeakMap<RegisterCommand, number>();
  readonly #stepIds = new WeakMap<LocalStep, number[]>();

  constructor(scope: RegionScope, isExact: boolean) {
    this.scope = scope;
    this.isExact = isExact;
  }

  /** The coordinator's step is carried out, and its answer is on its way. */
  answer(after: RegionState, at: number): Violation | undefined {
    const self = this.coordinatorIn(after, at);
    const { asked } = self;
    if (asked === undefined) return undefined;
    const step = this.stepOf(asked);
    const { reply, generation } = this.shard.land(after[1]!, step);
    const violation = this.land(after, step);
    const heard = { ...self, asked: { ...asked, reply } };
    const next = generation === undefined ? heard : { ...heard, generation };
    after[columns.coordinators + at] = this.coordinatorId(next);
    return violation;
  }

  /** The coordinator's command is carried out, and its answer is on its way. */
  outcome(after: RegionState, at: number): Violation | undefined {
    const self = this.coordinatorIn(after, at);
    const { tenure } = self;
    if (tenure?.underWay === undefined) return undefined;
    const { outcome, violation } = this.apply(after, tenure.underWay.command);
    const { generation } = this.rest(after);
    const answered = { ...tenure, underWay: { ...tenure.underWay, outcome } };
    after[columns.coordinators + at] = this.coordinatorId({
      ...self,
      generation,
      tenure: answered,
    });
    return violation;
  }

  stepOf({ step, generation }: Asked): number {
    let id = this.#stepIds.get(step);
    if (id === undefined) {
      id = [];
      this.#stepIds.set(step, id);
    }
    id[generation] ??= this.shard.stepId({ step, generation });
    return id[generation];
  }

  #commandOf(command: RegisterCommand): number {
    let id = this.#commandIds.get(command);
    if (id === undefined) {
      id = this.register.commandId(command);
      this.#commandIds.set(command, id);
    }
    return id;
  }

  stalledStep({ asked }: Coordinator): number {
    if (asked === undefined) throw new Error("a step stalls");
    return this.stepOf(asked) * 2;
  }

  stalledCommand({ tenure }: Coordinator): number {
    if (tenure?.underWay === undefined) throw new Error("a command stalls");
    return this.register.commandId(tenure.underWay.command) * 2 + 1;
  }

  stall(after: RegionState, what: number): void {
    const before = this.rest(after);
    const stalled = [...before.stalled, what].sort((left, right) => left - right);
    this.setRest(after, { ...before, stalled });
  }

  land(after: RegionState, step: number): Violation | undefined {
    const { shard, granted } = this.shard.land(after[1]!, step);
    after[1] = shard;
    if (granted === undefined) return undefined;
    const at = localNames.indexOf(granted.grantId);
    const client = this.clients.at(after[columns.clients + at]!);
    after[columns.clients + at] = this.clientId({ ...client, grantedUnder: client.lease });
    const { grantId } = granted;
    if (client.isOver) return violationOf("D3", `${grantId} gets the lock after its end was told`);
    if (client.grantedUnder !== client.lease) return undefined;
    return violationOf("D3", `${grantId} gets the lock twice under one lease`);
  }

  apply(after: RegionState, command: RegisterCommand) {
    const budget = this.rest(after);
    const id = this.#commandOf(command);
    const { register, value, before, outcome, attached } = this.register.apply(
      after[0]!,
      id,
      budget.gone,
    );
    after[0] = register;
    const gone = budget.gone.filter((grantId) => {
      return !attached.includes(grantId) && value.holders.some((each) => each.grantId === grantId);
    });
    if (gone.length < budget.gone.length) this.setRest(after, { ...budget, gone });
    const violation =
      command.kind === "cancel" && before.holders.some((each) => each.grantId === command.grantId)
        ? this.#givenBack(after, command.grantId)
        : undefined;
    return { outcome: this.register.outcomes.at(outcome), violation };
  }

  /** Before others may have the lock, the shard has closed it and nobody has it there. */
  #givenBack(state: RegionState, id: GrantId): Violation | undefined {
    const { state: known, holder } = this.shard.see(state[1]!);
    if (known?.id !== id) return undefined;
    if (known.isOpen) return violationOf("D4", `${id} is given back while the shard has it open`);
    if (holder === undefined) return undefined;
    return violationOf("D4", `${id} is given back while ${holder.grantId} has the lock`);
  }

  /** The coordinator is what its turn made of it, and tells what there is to tell. */
  enter(after: RegionState, at: number, turn: TurnTaken): Violation | undefined {
    after[columns.coordinators + at] = turn.id;
    if (turn.uses !== undefined) {
      const budget = this.rest(after);
      const isNew = turn.uses === "delegation";
      const delegations = budget.delegations - (isNew ? 1 : 0);
      const renewals = budget.renewals - (isNew ? 0 : 1);
      this.setRest(after, { ...budget, delegations, renewals });
    }
    let violation: Violation | undefined;
    for (const told of turn.told ?? []) violation ??= this.#tell(after, told);
    return violation;
  }

  #tell(after: RegionState, told: Told): Violation | undefined {
    const at = localNames.indexOf(told.client);
    const client = this.clients.at(after[columns.clients + at]!);
    if (told.kind === "over") {
      after[columns.clients + at] = this.clientId({ ...client, isOver: true });
      return undefined;
    }
    // One that is not interested any more lets nothing be touched.
    if (told.kind !== "granted" || client.isDone) return undefined;
    const { token, under, isBounded } = told;
    if (client.token !== undefined && client.token !== token) {
      return violationOf(
        "D3",
        `${told.client} was told ${tokenText(client.token)}, and now ${tokenText(token)}`,
      );
    }
    // Its own lease bounds what it believes as well.
    const isBelieving = !client.hasLeaseEnded;
    const rests = isBelieving && isBounded ? under : undefined;
    const violation = isBelieving
      ? this.believe(after, told.client, token, client.token)
      : undefined;
    after[columns.clients + at] = this.clientId({ ...client, token, isBelieving, under: rests });
    return violation;
  }

  /** After everybody before it, and under a larger token. */
  believe(after: RegionState, who: string, token: bigint, knew?: bigint): Violation | undefined {
    const budget = this.rest(after);
    const { highest } = budget;
    const others = localNames.filter((name, at) => {
      return name !== who && this.clients.at(after[columns.clients + at]!).isBelieving;
    });
    const other = this.visitors.at(after[columns.visitor]!);
    const all = other.phase === "believing" ? [...others, visitOf(other)] : others;
    const also = all.find((name) => name !== who);
    if (also !== undefined) return violationOf("D2", `${who} and ${also} both believe`);
    const isSame = knew === token && token === highest;
    if (token <= highest && !isSame) {
      return violationOf(
        "D1",
        `${who} uses ${tokenText(token)} after ${tokenText(highest)} was used`,
      );
    }
    this.setRest(after, { ...budget, highest: token });
    return undefined;
  }

  copy(state: RegionState): RegionState {
    this.#after.set(state);
    return this.#after;
  }

  rest(state: RegionState): Rest {
    return this.rests.at(state[columns.rest]!);
  }

  setRest(state: RegionState, next: Rest): void {
    state[columns.rest] = this.#restId(next);
  }

  coordinatorId(coordinator: Coordinator): number {
    return this.coordinators.idOf(coordinatorKey(coordinator), () => coordinator);
  }

  clientId(client: LocalClient): number {
    return this.clients.idOf(clientKey(client), () => client);
  }

  visitorId(self: Visitor): number {
    return this.visitors.idOf(`${self.visitsLeft} ${self.phase} ${self.token}`, () => self);
  }

  #restId(self: Rest): number {
    return this.rests.idOf(restKey(self), () => self);
  }

  /** What a coordinator is in a state. */
  coordinatorIn(state: RegionState, at: number): Coordinator {
    return this.coordinators.at(state[columns.coordinators + at]!);
  }
}

function restKey(self: Rest): string {
  const { generation, stalls, crashes, wipes, delegations, renewals } = self;
  const counts = [generation, stalls, crashes, wipes, delegations, renewals, self.highest];
  return `${counts.join()}|${self.gone.join()}|${self.stalled.join()}`;
}

function clientKey(self: LocalClient): string {
  const { asksLeft, lease, hasLeaseEnded, token, isBelieving, under, isDone, isOver } = self;
  const all = [asksLeft, lease, hasLeaseEnded, token, isBelieving, under, isDone, isOver];
  return `${all.join()}|${self.grantedUnder}`;
}

function violationOf(checker: string, message: string): Violation {
  return { checker, atMs: 0, message };
}
