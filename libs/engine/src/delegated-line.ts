import type { Clock, Timer } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import type { Place } from "@holdfast/core/delegation/local-step";
import type { LocalAnswer, LocalAsking } from "./delegated-asking.ts";
import type { DelegatedSteps } from "./delegated-steps.ts";

/** One that asks this coordinator for the lock. */
export interface Waiting {
  /** The latest copy of the request. */
  asking: LocalAsking;
  /** Its place in the shard; absent while it is being taken, or must be taken again. */
  place?: Place;
  /** A step for it is under way. */
  isAsked: boolean;
  /** The place in line it was told of last. */
  told?: number;
}

/** Between two rounds in which those in line are told their places, in ms. */
const tellMs = 250;

/** What a {@link DelegatedLine} needs. */
export interface LineOptions {
  readonly steps: DelegatedSteps;
  /** Places are handed over to by who wrote them last. */
  readonly coordinator: string;
  readonly clock: Clock;
  /** Somebody has a place now, or has left the line. */
  readonly onPlaced: () => void;
  /** One that was to take a place was found to have the lock. */
  readonly onHolding: () => void;
}

/** Requests in the hands of one coordinator: it hands over to these, in the order of the shard. */
export class DelegatedLine {
  /** Whoever has the lock needs no place, though it waits to be told. */
  holder: GrantId | undefined;
  readonly #options: LineOptions;
  readonly #byGrant = new Map<GrantId, Waiting>();
  #telling: Timer | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    options.steps.tracedBy((grantId) => this.#byGrant.get(grantId)?.asking.traceparent);
  }

  get length(): number {
    return this.#byGrant.size;
  }

  get(grantId: GrantId): Waiting | undefined {
    return this.#byGrant.get(grantId);
  }

  /** A repeat of one in line takes over from the copy before it; false: it is none. */
  join(asking: LocalAsking): boolean {
    const known = this.#byGrant.get(asking.request.grantId);
    if (known === undefined) return false;
    // Overtaken on its way, a copy may be older than the one that waits.
    if (!asking.isOver()) known.asking = asking;
    return true;
  }

  add(asking: LocalAsking): Waiting {
    const waiting: Waiting = { asking, isAsked: false };
    this.#byGrant.set(asking.request.grantId, waiting);
    return waiting;
  }

  remove(grantId: GrantId): Waiting | undefined {
    const waiting = this.#byGrant.get(grantId);
    this.#byGrant.delete(grantId);
    if (waiting?.place !== undefined) this.#tellSoon();
    return waiting;
  }

  /** Nobody is told their place any more. */
  close(): void {
    this.#telling?.cancel();
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
    return all.filter(({ place, isAsked, asking }) => {
      return place === undefined && !isAsked && asking.request.grantId !== this.holder;
    });
  }

  /** Forgets callers that are gone; their places stay until their sessions end or say so. */
  dropGone(): void {
    for (const [grantId, { asking, isAsked }] of this.#byGrant) {
      if (!isAsked && asking.isOver()) this.#byGrant.delete(grantId);
    }
  }

  /** It gets this for an answer, and is not in line any more. */
  refuse({ asking }: Waiting, kind: Exclude<LocalAnswer["kind"], "granted">): void {
    this.#byGrant.delete(asking.request.grantId);
    asking.answer({ kind });
  }

  /** All of them get this for an answer. */
  refuseAll(kind: Exclude<LocalAnswer["kind"], "granted">): void {
    for (const waiting of [...this.#byGrant.values()]) this.refuse(waiting, kind);
  }

  /** Those that cannot have it now take a place, or are told so. */
  settleUnplaced(kind: "held" | "elsewhere"): void {
    for (const waiting of this.unplaced()) this.notGranted(waiting, kind);
  }

  /** It cannot have the lock now: it takes a place, or is told so. */
  notGranted(waiting: Waiting, kind: "held" | "elsewhere" | "no-quorum" | "unknown"): void {
    if (waiting.asking.wait) this.takePlace(waiting);
    else this.refuse(waiting, kind);
  }

  /** Its place was not as it was known: somebody else has written it, or it is gone. */
  placeAgain(grantId: GrantId): void {
    const waiting = this.#byGrant.get(grantId);
    if (waiting === undefined || waiting.isAsked) return;
    delete waiting.place;
    this.takePlace(waiting);
  }

  /** Beside all other steps: a place changes nothing about who may have the lock. */
  takePlace(waiting: Waiting): void {
    const { request, marker } = waiting.asking;
    const { grantId } = request;
    const { steps, coordinator, onPlaced, onHolding } = this.#options;
    waiting.isAsked = true;
    steps.beside({ kind: "enqueue", request, marker, coordinator }, (reply) => {
      waiting.isAsked = false;
      if (this.#byGrant.get(grantId) !== waiting) return;
      if (reply === undefined) {
        // The shard is away: asked elsewhere, the request may get along without it.
        this.refuse(waiting, "unknown");
        onPlaced();
      } else if (reply.kind === "placed") {
        waiting.place = { request, marker, since: reply.since, written: reply.written };
        this.#tellSoon();
        onPlaced();
      } else if (reply.kind === "given-up" || reply.kind === "lease-ended") {
        this.refuse(waiting, reply.kind);
        onPlaced();
      } else if (reply.kind === "seen" && reply.holder?.grantId === grantId) {
        onHolding();
      }
    });
  }

  /** Of many changes in a row each one in line hears once. */
  #tellSoon(): void {
    this.#telling ??= this.#options.clock.schedule(tellMs, () => {
      this.#telling = undefined;
      const placed = [...this.#byGrant.values()].flatMap((waiting) => {
        return waiting.place === undefined ? [] : [{ waiting, since: waiting.place.since }];
      });
      placed.sort((left, right) => (left.since < right.since ? -1 : 1));
      for (const [index, { waiting }] of placed.entries()) {
        if (waiting.told === index + 1) continue;
        waiting.told = index + 1;
        waiting.asking.onPlace?.(waiting.told);
      }
    });
  }
}
