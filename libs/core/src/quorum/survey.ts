import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { type Ballot, compareBallots } from "./ballot.ts";
import type { Showing } from "./message.ts";
import { emptyRegister, type RegisterValue } from "./register-value.ts";
import { type Liveness, livenessOf, majority, type Vote } from "./votes.ts";

/** What regions showed to a plain read, by number 0 to 2; one that did not answer is missing. */
export type Shows = ReadonlyMap<number, Showing>;

/** What plain reads of the regions come to. */
export interface Survey {
  /** The register's value at some moment during the reads, and where a grant is confirmed. */
  readonly value: RegisterValue;
  /** The ballot it was accepted under; absent: nothing was accepted yet. */
  readonly ballot?: Ballot;
  /** Who of the holders lives, by the regions that answered. */
  readonly liveness: ReadonlyMap<GrantId, Liveness>;
  /** One region alone calls a holder gone: the next look may find a second one [H8]. */
  readonly isInDoubt: boolean;
  /** Regions that show the value together with the grant's liveness, and the lease it hangs on. */
  confirmed(grantId: GrantId): ReadonlyMap<number, LeaseId>;
}

/**
 * Reads the answers of plain reads; undefined where no two of them show the same accepted ballot,
 * for then nobody knows what is chosen.
 *
 * Two that do show what was chosen last when the first of them was read: to choose something newer
 * before that moment, one of the two would have had to accept it by then, and neither shows it.
 */
export function survey(shows: Shows): Survey | undefined {
  const agreed = agreeing(shows);
  if (agreed === undefined) return undefined;
  const [first] = agreed.values();
  const value = first?.accepted?.value ?? emptyRegister;
  const liveness = new Map<GrantId, Liveness>();
  let isInDoubt = false;
  for (const { grantId } of value.holders) {
    const votes = votesOn(shows, grantId);
    liveness.set(grantId, livenessOf(votes));
    if (votes.filter((vote) => vote === "not-live").length === 1) isInDoubt = true;
  }
  const confirmed = (grantId: GrantId) => {
    const leases = new Map<number, LeaseId>();
    // Regions of different ballots do not add up [H2].
    for (const [region, { live }] of agreed) {
      for (const each of live) if (each.grantId === grantId) leases.set(region, each.lease);
    }
    return leases;
  };
  const seen = { value, liveness, isInDoubt, confirmed };
  return first?.accepted === undefined ? seen : { ...seen, ballot: first.accepted.ballot };
}

/** The two or three that show the same accepted ballot. */
function agreeing(shows: Shows): Shows | undefined {
  for (const each of shows.values()) {
    const same = new Map([...shows].filter(([, other]) => showSame(each, other)));
    if (same.size >= majority) return same;
  }
  return undefined;
}

function showSame({ accepted: left }: Showing, { accepted: right }: Showing): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compareBallots(left.ballot, right.ballot) === 0;
}

function votesOn(shows: Shows, grantId: GrantId): Vote[] {
  return [...shows.values()].map(({ live, halfTrusted }) => {
    if (live.some((each) => each.grantId === grantId)) return "live";
    return halfTrusted ? "unknown" : "not-live";
  });
}
