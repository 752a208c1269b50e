import type { GrantId, LeaseId } from "@holdfast/base/ids";
import {
  closedState,
  type DelegationState,
  grantedState,
  localToken,
  openedState,
  sameState,
} from "@holdfast/core/delegation/delegation-state";
import type {
  CancelStep,
  EnqueueStep,
  GrantStep,
  LocalReply,
  LocalStep,
  OpenStep,
  Place,
  ReleaseStep,
} from "@holdfast/core/delegation/local-step";
import type { Marker } from "@holdfast/core/lease/marker";

interface Held {
  readonly grantId: GrantId;
  readonly token: bigint;
  readonly lease: LeaseId;
}

interface Waits {
  readonly since: bigint;
  readonly written: bigint;
  readonly lease: LeaseId;
}

/** What a region's shard does with the steps of a delegated lock, without a store. */
export class DelegationTwin {
  state: DelegationState | undefined;
  holder: Held | undefined;
  readonly places = new Map<GrantId, Waits>();
  readonly #buried = new Map<GrantId, Set<LeaseId>>();
  /** Leases whose sessions live here. */
  readonly leases = new Set<LeaseId>();
  #revision = 0n;
  readonly #onHolder: (holder: Held) => void;

  /** `onHolder`: told of each grant as it is written. */
  constructor(onHolder: (holder: Held) => void) {
    this.#onHolder = onHolder;
  }

  carryOut(step: LocalStep): LocalReply {
    this.#revision++;
    switch (step.kind) {
      case "open":
        return this.#open(step);
      case "renew":
        if (!this.#isAt(step.from)) return this.#seen();
        this.state = openedState(step.from.id, step.counter);
        return { kind: "done" };
      case "grant":
        return this.#grant(step);
      case "enqueue":
        return this.#enqueue(step);
      case "promote":
        if (!this.#isAt(step.from) || this.holder !== undefined) return this.#seen();
        return this.#give(step.from, step.place) ? { kind: "done" } : this.#seen();
      case "release":
        return this.#release(step);
      case "close":
        if (!this.#isAt(step.from) || this.holder !== undefined) return this.#seen();
        this.state = closedState(step.from);
        return { kind: "done" };
      case "cancel":
        return this.#cancel(step);
      case "look":
        return this.#seen();
    }
  }

  endLease(lease: LeaseId): void {
    this.leases.delete(lease);
    if (this.holder?.lease === lease) this.holder = undefined;
    for (const [grantId, place] of this.places) {
      if (place.lease === lease) this.places.delete(grantId);
    }
    for (const [grantId, under] of this.#buried) {
      under.delete(lease);
      if (under.size === 0) this.#buried.delete(grantId);
    }
  }

  #open({ state }: OpenStep): LocalReply {
    if (this.state !== undefined && this.state.counter >= state.counter) {
      return sameState(this.state, state) ? { kind: "done" } : this.#seen();
    }
    this.state = state;
    this.holder = undefined;
    return { kind: "done" };
  }

  #grant({ from, request, marker }: GrantStep): LocalReply {
    if (this.holder?.grantId === request.grantId) return this.#seen();
    const refusal = this.#refusal(request.grantId, marker);
    if (refusal !== undefined) return refusal;
    if (!this.#isAt(from) || this.holder !== undefined) return this.#seen();
    this.#hold(from, request.grantId, marker.lease);
    return { kind: "done" };
  }

  #enqueue({ request, marker }: EnqueueStep): LocalReply {
    const { grantId } = request;
    if (this.holder?.grantId === grantId) return this.#seen();
    const refusal = this.#refusal(grantId, marker);
    if (refusal !== undefined) return refusal;
    const written = this.#revision;
    const since = this.places.get(grantId)?.since ?? written;
    this.places.set(grantId, { since, written, lease: marker.lease });
    return { kind: "placed", since, written };
  }

  #release({ grantId, token, marker, next }: ReleaseStep): LocalReply {
    const found = this.holder?.grantId === grantId && this.holder.token === token;
    let isNextDone = false;
    if (found) {
      this.holder = undefined;
      if (next?.kind === "hand-over")
        isNextDone = this.#isAt(next.from) && this.#give(next.from, next.place);
      if (next?.kind === "close" && this.#isAt(next.from)) {
        this.state = closedState(next.from);
        isNextDone = true;
      }
    }
    const { refused } = this.#bury(grantId, marker);
    return { kind: "released", found, refused, isNextDone };
  }

  #cancel({ grantId, marker }: CancelStep): LocalReply {
    const { refused, wasPlaced } = this.#bury(grantId, marker);
    const holder = this.holder?.grantId === grantId ? this.holder : undefined;
    const found = wasPlaced || holder !== undefined;
    if (holder === undefined) return { kind: "cancelled", found, refused };
    return { kind: "cancelled", found, refused, holder: { grantId, token: holder.token } };
  }

  #bury(grantId: GrantId, marker: Marker | undefined) {
    const wasPlaced = this.places.delete(grantId);
    const refused = marker !== undefined && this.leases.has(marker.lease);
    if (refused) this.#putTombstone(grantId, marker.lease);
    return { refused, wasPlaced };
  }

  #putTombstone(grantId: GrantId, lease: LeaseId): void {
    const under = this.#buried.get(grantId) ?? new Set();
    this.#buried.set(grantId, under.add(lease));
  }

  #refusal(grantId: GrantId, marker: Marker): LocalReply | undefined {
    if (this.#buried.has(grantId)) return { kind: "given-up" };
    return this.leases.has(marker.lease) ? undefined : { kind: "lease-ended" };
  }

  #give(from: DelegationState, { request, written }: Place): boolean {
    const place = this.places.get(request.grantId);
    if (place === undefined || place.written !== written) return false;
    this.#hold(from, request.grantId, place.lease);
    return true;
  }

  #hold(from: DelegationState, grantId: GrantId, lease: LeaseId): void {
    this.state = grantedState(from);
    this.places.delete(grantId);
    this.#putTombstone(grantId, lease);
    this.holder = { grantId, token: localToken(this.state), lease };
    this.#onHolder(this.holder);
  }

  #isAt(state: DelegationState): boolean {
    return this.state !== undefined && sameState(this.state, state);
  }

  #seen(): LocalReply {
    const { state, holder } = this;
    return {
      kind: "seen",
      ...(state === undefined ? {} : { state }),
      ...(holder === undefined ? {} : { holder: { grantId: holder.grantId, token: holder.token } }),
    };
  }
}
