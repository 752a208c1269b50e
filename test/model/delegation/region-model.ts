import type { RegionState, RegionVisit } from "./region-action.ts";
import { newClient } from "./region-clients.ts";
import { Coordination } from "./region-coordination.ts";
import { newCoordinator } from "./region-coordinator.ts";
import { Faults } from "./region-faults.ts";
import { columns, RegionParts } from "./region-parts.ts";
import type { RegionScope } from "./region-scope.ts";
import { Visits } from "./region-visits.ts";

/** Everything that may happen to a lock that is delegated to a region, in a scope. */
export class RegionModel {
  readonly width = columns.width;
  readonly parts: RegionParts;
  readonly #coordination: Coordination;
  readonly #visits: Visits;
  readonly #faults: Faults;

  constructor(scope: RegionScope, isExact = false) {
    this.parts = new RegionParts(scope, isExact);
    this.#coordination = new Coordination(this.parts);
    this.#visits = new Visits(this.parts);
    this.#faults = new Faults(this.parts);
  }

  /** Nobody has asked for anything. */
  first(): RegionState {
    const { parts } = this;
    const { stalls, crashes, wipes, delegations, renewals, visits } = parts.scope;
    const state = new Uint32Array(columns.width);
    state[0] = parts.register.first;
    state[1] = parts.shard.fresh(1);
    for (const at of [0, 1])
      state[columns.coordinators + at] = parts.coordinatorId(newCoordinator(1));
    for (const at of [0, 1]) {
      state[columns.clients + at] = parts.clientId(newClient(parts.scope.clients[at] ?? 0));
    }
    state[columns.visitor] = parts.visitorId({
      visitsLeft: visits,
      phase: "away",
      token: undefined,
    });
    const budget = { generation: 1, stalls, crashes, wipes, delegations, renewals };
    parts.setRest(state, { ...budget, gone: [], highest: 0n, stalled: [] });
    return state;
  }

  /** Coordinators that change places are the same. */
  sort(state: RegionState): void {
    this.#prune(state);
    const left = state[columns.coordinators]!;
    const right = state[columns.coordinators + 1]!;
    if (this.parts.scope.coordinators < 2 || left <= right) return;
    state[columns.coordinators] = right;
    state[columns.coordinators + 1] = left;
  }

  /** Everything that may happen in `state`. */
  visit(state: RegionState, visit: RegionVisit): void {
    this.#coordination.visit(state, visit);
    this.#visits.visit(state, visit);
    this.#faults.visit(state, visit);
  }

  /** Forgets of what nobody waits for all that comes to nothing, now and later. */
  #prune(after: RegionState): void {
    const budget = this.parts.rest(after);
    if (this.parts.isExact || budget.stalled.length === 0) return;
    const stalled = budget.stalled.filter((each) => {
      return each % 2 !== 0 || !this.parts.shard.isVoid(after[1]!, each / 2);
    });
    if (stalled.length < budget.stalled.length) this.parts.setRest(after, { ...budget, stalled });
  }
}
