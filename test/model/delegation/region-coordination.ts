import type { Violation } from "@holdfast/simulator/history/run";
import type { RegionAction, RegionState, RegionVisit, TurnTaken } from "./region-action.ts";
import { newCoordinator, type Turn } from "./region-coordinator.ts";
import { doings } from "./region-doing.ts";
import { hearRegister, hearStep } from "./region-hearing.ts";
import { columns, type RegionParts } from "./region-parts.ts";

/** What a coordinator heard: an answer, or that there will be none. */
type Heard = "step" | "register" | "no answer";

/** What coordinators do, and what becomes of what they send. */
export class Coordination {
  readonly #parts: RegionParts;
  readonly #doings = new Map<number, readonly TurnTaken[]>();
  readonly #hearings = new Map<number, readonly TurnTaken[]>();
  #visit: RegionVisit = () => {};

  constructor(parts: RegionParts) {
    this.#parts = parts;
  }

  /** Everything that coordinators may do in `state`. */
  visit(state: RegionState, visit: RegionVisit): void {
    this.#visit = visit;
    for (let at = 0; at < this.#parts.scope.coordinators; at++) {
      this.#doing(state, at);
      this.#landing(state, at);
      this.#failing(state, at);
      this.#finding(state, at);
    }
  }

  #doing(state: RegionState, at: number): void {
    const id = state[columns.coordinators + at]!;
    const { delegations, renewals } = this.#parts.rest(state);
    const used = this.#parts.scope.delegations - delegations;
    const key = id * 8 + used;
    const turns = this.#remembered(this.#doings, key, () =>
      doings(this.#parts.coordinators.at(id), used),
    );
    for (const turn of turns) {
      if (turn.uses === "delegation" && delegations === 0) continue;
      if (turn.uses === "renewal" && renewals === 0) continue;
      if (this.#parts.isExact || !isAtOnce(turn))
        this.#take(state, at, turn, { kind: "does", at, turn });
      else this.#doAtOnce(state, at, turn);
    }
    const { asked, tenure } = this.#parts.coordinators.at(id);
    if (asked?.reply !== undefined) this.#hearing(state, at, "step");
    if (tenure?.underWay?.outcome !== undefined) this.#hearing(state, at, "register");
  }

  /** Sent, carried out and heard; or sent, and not waited for. */
  #doAtOnce(state: RegionState, at: number, turn: TurnTaken): void {
    const after = this.#parts.copy(state);
    const actions: RegionAction[] = [{ kind: "does", at, turn }];
    let violation = this.#parts.enter(after, at, turn);
    const sent = after.slice();
    const isStep = turn.next.asked !== undefined && turn.next.asked.reply === undefined;
    actions.push(isStep ? this.#stepSent(after, at) : this.#commandSent(after, at));
    violation ??= isStep ? this.#parts.answer(after, at) : this.#parts.outcome(after, at);
    const heard = this.#heard(after, at, isStep ? "step" : "register");
    const [only, ...others] = heard;
    if (only !== undefined && others.length === 0 && only.told === undefined) {
      actions.push({ kind: "hears", at, turn: only, heard: this.#lastHeard(after, at, isStep) });
      violation ??= this.#parts.enter(after, at, only);
    }
    this.#visit(after, { kind: "at once", actions }, violation);
    if (this.#parts.rest(state).stalls > 0) this.#doInVain(sent, at, turn, isStep);
  }

  #doInVain(sent: RegionState, at: number, turn: TurnTaken, isStep: boolean): void {
    const first: RegionAction = { kind: "does", at, turn };
    const outer = this.#visit;
    this.#visit = (after, action, violation) => {
      outer(after, { kind: "at once", actions: [first, action] }, violation);
    };
    if (isStep) this.#unanswered(sent, at);
    else this.#unheard(sent, at);
    this.#visit = outer;
  }

  #hearing(state: RegionState, at: number, of: Heard): void {
    const heard = of === "no answer" ? undefined : this.#lastHeard(state, at, of === "step");
    for (const turn of this.#heard(state, at, of)) {
      this.#take(state, at, turn, { kind: "hears", at, turn, heard });
    }
  }

  #heard(state: RegionState, at: number, of: Heard): readonly TurnTaken[] {
    const id = state[columns.coordinators + at]!;
    const order = of === "step" ? 0 : of === "register" ? 1 : 2;
    return this.#remembered(this.#hearings, id * 3 + order, () => {
      const self = this.#parts.coordinators.at(id);
      if (of === "register") return hearRegister(self);
      const reply = of === "step" ? self.asked?.reply : undefined;
      return hearStep(self, reply?.kind === "moved" ? undefined : reply);
    });
  }

  #lastHeard(state: RegionState, at: number, isStep: boolean) {
    const { asked, tenure } = this.#parts.coordinatorIn(state, at);
    return isStep ? asked?.reply : tenure?.underWay?.outcome;
  }

  /** A coordinator's step arrives at the shard, its command at the register. */
  #landing(state: RegionState, at: number): void {
    const { asked, tenure } = this.#parts.coordinatorIn(state, at);
    if (asked !== undefined && asked.reply === undefined) {
      const after = this.#parts.copy(state);
      const action = this.#stepSent(after, at);
      const violation = this.#parts.answer(after, at);
      this.#hearIfCalm(after, at, action, violation);
    }
    if (tenure?.underWay === undefined || tenure.underWay.outcome !== undefined) return;
    const after = this.#parts.copy(state);
    const action = this.#commandSent(after, at);
    this.#visit(after, action, this.#parts.outcome(after, at));
  }

  /** An answer of which nobody is told anything may as well be heard at once. */
  #hearIfCalm(
    after: RegionState,
    at: number,
    action: RegionAction,
    violation: Violation | undefined,
  ): void {
    const [only, ...others] = this.#parts.isExact ? [] : this.#heard(after, at, "step");
    if (only === undefined || others.length > 0 || only.told !== undefined) {
      this.#visit(after, action, violation);
      return;
    }
    const hears = {
      kind: "hears",
      at,
      turn: only,
      heard: this.#lastHeard(after, at, true),
    } as const;
    this.#parts.enter(after, at, only);
    this.#visit(after, { kind: "at once", actions: [action, hears] }, violation);
  }

  #stepSent(state: RegionState, at: number): RegionAction {
    const { asked } = this.#parts.coordinatorIn(state, at);
    if (asked === undefined) throw new Error("a step was sent");
    return { kind: "lands", from: at, step: this.#parts.stepOf(asked), shard: state[1]! };
  }

  #commandSent(state: RegionState, at: number): RegionAction {
    const { tenure } = this.#parts.coordinatorIn(state, at);
    if (tenure?.underWay === undefined) throw new Error("a command was sent");
    return { kind: "applies", from: at, command: tenure.underWay.command };
  }

  /** Answers that do not come, and coordinators that die. */
  #failing(state: RegionState, at: number): void {
    const self = this.#parts.coordinatorIn(state, at);
    const { asked, tenure } = self;
    const budget = this.#parts.rest(state);
    if (budget.stalls > 0 && asked !== undefined) this.#unanswered(state, at);
    if (budget.stalls > 0 && tenure?.underWay !== undefined) this.#unheard(state, at);
    if (budget.crashes === 0) return;
    const after = this.#parts.copy(state);
    this.#parts.setRest(after, { ...budget, crashes: budget.crashes - 1 });
    if (asked !== undefined && asked.reply === undefined)
      this.#parts.stall(after, this.#parts.stalledStep(self));
    const isUnheard = tenure?.underWay !== undefined && tenure.underWay.outcome === undefined;
    if (isUnheard) this.#parts.stall(after, this.#parts.stalledCommand(self));
    after[columns.coordinators + at] = this.#parts.coordinatorId(newCoordinator(self.generation));
    this.#visit(after, { kind: "happens", at, text: "dies and starts anew" }, undefined);
  }

  /** A step is waited for no longer; if it did not arrive yet, it may do so later. */
  #unanswered(state: RegionState, at: number): void {
    const self = this.#parts.coordinatorIn(state, at);
    const budget = this.#parts.rest(state);
    const before = state.slice();
    this.#parts.setRest(before, { ...budget, stalls: budget.stalls - 1 });
    if (self.asked?.reply === undefined) this.#parts.stall(before, this.#parts.stalledStep(self));
    this.#hearing(before, at, "no answer");
  }

  /** The same for a command. */
  #unheard(state: RegionState, at: number): void {
    const self = this.#parts.coordinatorIn(state, at);
    const { tenure } = self;
    if (tenure === undefined) return;
    const budget = this.#parts.rest(state);
    const after = this.#parts.copy(state);
    this.#parts.setRest(after, { ...budget, stalls: budget.stalls - 1 });
    if (tenure.underWay?.outcome === undefined)
      this.#parts.stall(after, this.#parts.stalledCommand(self));
    const next = { ...self, tenure: { ...tenure, underWay: undefined } };
    after[columns.coordinators + at] = this.#parts.coordinatorId(next);
    this.#visit(
      after,
      { kind: "happens", at, text: "waits for the register no longer" },
      undefined,
    );
  }

  /** A coordinator without a delegation reads the shard, for one that it could go on with. */
  #finding(state: RegionState, at: number): void {
    const self = this.#parts.coordinatorIn(state, at);
    if (self.tenure !== undefined || self.found !== undefined) return;
    const { state: found } = this.#parts.shard.see(state[1]!);
    if (found?.isOpen !== true) return;
    const after = this.#parts.copy(state);
    after[columns.coordinators + at] = this.#parts.coordinatorId({ ...self, found });
    this.#visit(
      after,
      { kind: "happens", at, text: `reads the shard: ${found.id} is open` },
      undefined,
    );
  }

  #take(state: RegionState, at: number, turn: TurnTaken, action: RegionAction): void {
    const after = this.#parts.copy(state);
    const violation = this.#parts.enter(after, at, turn);
    this.#visit(after, action, violation);
  }

  #remembered(
    known: Map<number, readonly TurnTaken[]>,
    key: number,
    make: () => readonly Turn[],
  ): readonly TurnTaken[] {
    let turns = known.get(key);
    if (turns === undefined) {
      turns = make().map((turn) => ({ ...turn, id: this.#parts.coordinatorId(turn.next) }));
      known.set(key, turns);
    }
    return turns;
  }
}

/**
 * Whether something is sent that may as well be sent when it arrives and be heard at once: what it
 * says is the same then, and whoever sent it does nothing meanwhile that others could see.
 */
function isAtOnce({ next, why }: Turn): boolean {
  const { asked, tenure } = next;
  if (asked !== undefined && asked.reply === undefined) {
    return why.startsWith("sends") && /^(open|close|renew|look)$/.test(asked.step.kind);
  }
  const underWay = tenure?.underWay;
  if (underWay === undefined || underWay.outcome !== undefined) return false;
  return underWay.command.kind !== "renew-delegation";
}
