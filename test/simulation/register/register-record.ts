import { registerEvents } from "@holdfast/core/audit/register-events";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { type Ballot, printBallot } from "@holdfast/core/quorum/ballot";
import { encodeAccepted } from "@holdfast/core/quorum/register-codec";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import type { KeyValue } from "@holdfast/core/txn/txn";

const lock = { region: globalRegion, namespace: "default", name: "l" };

/** A region's copy, as its store shows it. */
interface Copy {
  readonly ballot: Ballot;
  readonly kv: KeyValue;
  /** Tenures and places that its history has told the beginning of, and not the end. */
  readonly open: Set<string>;
}

/**
 * What the histories of the regions tell of a register, compared with what was chosen: each tenure
 * and each place in line begins and ends once in a history, and some history tells each that was
 * chosen.
 */
export class RegisterRecord {
  readonly #fail: (checker: string, message: string) => void;
  readonly #copies: (Copy | undefined)[] = [];
  readonly #begun = new Set<string>();
  readonly #ended = new Set<string>();
  /** Had begun in a history that was lost. */
  readonly #lost = new Set<string>();

  constructor(fail: (checker: string, message: string) => void) {
    this.#fail = fail;
  }

  /** What a region keeps, whenever it is looked at. */
  onKept(region: number, accepted: { ballot: Ballot; value: RegisterValue } | undefined): void {
    const known = this.#copies[region];
    if (accepted === undefined || known?.ballot === accepted.ballot) return;
    const { ballot, value } = accepted;
    const kv: KeyValue = {
      key: "a",
      value: encodeAccepted(ballot, wholeNumbered(value)),
      lease: 0n,
      createRevision: 1n,
      modRevision: 1n,
    };
    const copy = { ballot, kv, open: known?.open ?? new Set() };
    this.#copies[region] = copy;
    const change = { key: "a", after: kv, ...(known && { before: known.kv }) };
    for (const event of registerEvents(lock, change)) {
      const tenure = "token" in event ? `${event.grantId} ${event.token}` : "";
      const place = `place of ${"grantId" in event ? event.grantId : ""}`;
      if (event.kind === "WaiterQueued") this.#begins(region, copy, place);
      else if (event.kind === "WaiterLeft") this.#ends(region, copy, place);
      else if (event.kind === "GlobalGranted") {
        if (copy.open.has(place)) this.#ends(region, copy, place);
        this.#begins(region, copy, tenure);
      } else if (tenure !== "") this.#ends(region, copy, tenure);
      else if (event.kind === "RecordUnreadable") this.#fail("A1", `${printBallot(ballot)} unread`);
    }
  }

  /**
   * A region lost its store: the next one there has a history of its own, which begins with what is
   * copied into it. If that is newer than an end, and was all that the others had, nobody tells it.
   */
  onWiped(region: number): void {
    for (const each of this.#copies[region]?.open ?? []) this.#lost.add(each);
    this.#copies[region] = undefined;
  }

  /** At the end: what was chosen, one after the other. */
  compare(chosen: readonly RegisterValue[]): void {
    let before = new Set<string>();
    for (const value of chosen) {
      const now = new Set([
        ...value.holders.map(({ grantId, token }) => `${grantId} ${token}`),
        ...value.waiters.map(({ grantId }) => `place of ${grantId}`),
      ]);
      for (const each of now) {
        if (!this.#begun.has(each)) this.#fail("A1", `nobody tells that ${each} began`);
      }
      for (const each of before) {
        if (!now.has(each) && !this.#ended.has(each) && !this.#lost.has(each)) {
          this.#fail("A1", `nobody tells that ${each} ended`);
        }
      }
      before = now;
    }
  }

  #begins(region: number, { open }: Copy, what: string): void {
    if (open.has(what)) this.#fail("A1", `region ${region} tells twice that ${what} began`);
    open.add(what);
    this.#begun.add(what);
  }

  #ends(region: number, { open }: Copy, what: string): void {
    if (!open.delete(what)) {
      this.#fail("A1", `region ${region} tells the end of ${what}, which had not begun`);
    }
    this.#ended.add(what);
  }
}

/** Clients of the simulation have any ttl; ours write whole milliseconds. */
function wholeNumbered(value: RegisterValue): RegisterValue {
  const whole = <R extends GlobalRequest>(each: R): R => ({
    ...each,
    ttlMs: Math.round(each.ttlMs),
  });
  return { ...value, holders: value.holders.map(whole), waiters: value.waiters.map(whole) };
}
