import type { GrantId } from "@holdfast/base/ids";
import type { Place } from "@holdfast/core/delegation/local-step";
import type { LocalAsking } from "./delegated-asking.ts";

/** One that asks this coordinator for the lock. */
export interface Waiting {
  /** The latest copy of the request. */
  asking: LocalAsking;
  /** Its place in the shard; absent while it is being taken, or must be taken again. */
  place?: Place;
  /** A step for it is under way. */
  isAsked: boolean;
}

/** Requests in the hands of one coordinator: it hands over to these, in the order of the shard. */
export class DelegatedLine {
  readonly #byGrant = new Map<GrantId, Waiting>();

  get length(): number {
    return this.#byGrant.size;
  }

  get(grantId: GrantId): Waiting | undefined {
    return this.#byGrant.get(grantId);
  }

  add(asking: LocalAsking): Waiting {
    const waiting: Waiting = { asking, isAsked: false };
    this.#byGrant.set(asking.request.grantId, waiting);
    return waiting;
  }

  remove(grantId: GrantId): Waiting | undefined {
    const waiting = this.#byGrant.get(grantId);
    this.#byGrant.delete(grantId);
    return waiting;
  }

  /** Whose turn it is, those left out whose callers are gone. */
  head(): Place | undefined {
    let head: Place | undefined;
    for (const { place } of this.#byGrant.values()) {
      if (place === undefined) continue;
      if (head === undefined || place.since < head.since) head = place;
    }
    return head;
  }

  /** Those without a place that nothing is under way for. */
  unplaced(): readonly Waiting[] {
    const all = [...this.#byGrant.values()];
    return all.filter(({ place, isAsked }) => place === undefined && !isAsked);
  }

  /** Forgets callers that are gone; their places stay until their sessions end or say so. */
  dropGone(): void {
    for (const [grantId, { asking, isAsked }] of this.#byGrant) {
      if (!isAsked && asking.isOver()) this.#byGrant.delete(grantId);
    }
  }
}
