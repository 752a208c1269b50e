import type { GrantId } from "@holdfast/base/ids";
import type { RegionState, RegionVisit } from "./region-action.ts";
import { localNames, visitOf } from "./region-clients.ts";
import { columns, type RegionParts } from "./region-parts.ts";

/** What befalls all of them: leases that end, data that is lost, steps that come late. */
export class Faults {
  readonly #parts: RegionParts;
  #visit: RegionVisit = () => {};

  constructor(parts: RegionParts) {
    this.#parts = parts;
  }

  /** Everything of that kind that may happen in `state`. */
  visit(state: RegionState, visit: RegionVisit): void {
    this.#visit = visit;
    this.#ending(state);
    this.#stalled(state);
  }

  /** Leases of a holder end in two regions: D has passed by then. And a shard is lost. */
  #ending(state: RegionState): void {
    const budget = this.#parts.rest(state);
    const { phase, ...self } = this.#parts.visitors.at(state[columns.visitor]!);
    for (const { grantId, delegation } of this.#parts.register.at(state[0]!).holders) {
      if (budget.gone.includes(grantId)) continue;
      const isVisitor = grantId === visitOf({ phase, ...self });
      if (isVisitor && phase === "believing") continue;
      const isBelieved = localNames.some((_, at) => {
        return this.#parts.clients.at(state[columns.clients + at]!).under === grantId;
      });
      if (delegation && isBelieved) continue;
      const after = this.#parts.copy(state);
      this.#parts.setRest(after, { ...budget, gone: [...budget.gone, grantId].sort() });
      for (const at of [0, 1]) this.#unconfirm(after, at, grantId);
      const text = `the leases of ${grantId} end in two regions`;
      this.#visit(after, { kind: "happens", at: "register", text }, undefined);
    }
    if (budget.wipes === 0) return;
    const after = this.#parts.copy(state);
    const generation = budget.generation + 1;
    after[1] = this.#parts.shard.fresh(generation);
    this.#parts.setRest(after, { ...budget, wipes: budget.wipes - 1, generation });
    const text = `loses its data; admitted again under generation ${generation}`;
    this.#visit(after, { kind: "happens", at: "shard", text }, undefined);
  }

  #unconfirm(after: RegionState, at: number, id: GrantId): void {
    const self = this.#parts.coordinatorIn(after, at);
    const { tenure } = self;
    if (tenure?.id !== id) return;
    const { underWay } = tenure;
    const isAnswered = underWay?.outcome !== undefined;
    const stale = isAnswered ? { ...underWay, isStale: true } : underWay;
    const next = { ...self, tenure: { ...tenure, isConfirmed: false, underWay: stale } };
    after[columns.coordinators + at] = this.#parts.coordinatorId(next);
  }

  /** What nobody waits for is carried out after all. */
  #stalled(state: RegionState): void {
    const { stalled } = this.#parts.rest(state);
    for (const [index, each] of stalled.entries()) {
      if (stalled[index - 1] === each) continue;
      const after = this.#parts.copy(state);
      this.#parts.setRest(after, {
        ...this.#parts.rest(state),
        stalled: stalled.toSpliced(index, 1),
      });
      if (each % 2 === 0) {
        const violation = this.#parts.land(after, each / 2);
        this.#visit(
          after,
          { kind: "lands", from: -1, step: each / 2, shard: state[1]! },
          violation,
        );
      } else {
        const command = this.#parts.register.commands.at((each - 1) / 2);
        const { violation } = this.#parts.apply(after, command);
        this.#visit(after, { kind: "applies", from: -1, command }, violation);
      }
    }
  }
}
