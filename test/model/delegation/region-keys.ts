import type { DelegationState } from "@holdfast/core/delegation/delegation-state";
import type { LocalHolder } from "@holdfast/core/delegation/local-step";
import { keyOf } from "../interner.ts";
import type { Coordinator } from "./region-coordinator.ts";

const known = new WeakMap<object, string>();

/** The same text for equal coordinators, much faster than {@link keyOf}. */
export function coordinatorKey(self: Coordinator): string {
  const { generation, tenure, state, holder, isInDoubt, asked, found, line, releases } = self;
  const parts: unknown[] = [generation, isInDoubt, stateKey(state), holderKey(holder)];
  parts.push(stateKey(found));
  if (tenure !== undefined) {
    const { id, token, isConfirmed, isUntouched, isEnding, wasAsked, underWay } = tenure;
    parts.push("t", id, token, isConfirmed, isUntouched, isEnding, wasAsked);
    if (underWay !== undefined) {
      parts.push(remembered(underWay.command), remembered(underWay.outcome), underWay.isStale);
    }
  }
  if (asked !== undefined) {
    const { step, generation: at, reply, isOrphan } = asked;
    parts.push("a", remembered(step), at, remembered(reply), isOrphan);
  }
  for (const { client, lease, place } of line) {
    parts.push("l", client, lease, place?.since, place?.written);
  }
  for (const { client, lease, token } of releases) parts.push("r", client, lease, token);
  return parts.join();
}

function stateKey(state: DelegationState | undefined): string {
  if (state === undefined) return "";
  return `${state.id}:${state.counter}:${state.sequence}:${state.isOpen}`;
}

function holderKey(holder: LocalHolder | undefined): string {
  return holder === undefined ? "" : `${holder.grantId}:${holder.token}`;
}

/** Steps and answers are handed on as they are, so most of them were met before. */
function remembered(thing: object | undefined): string {
  if (thing === undefined) return "";
  let key = known.get(thing);
  if (key === undefined) {
    key = keyOf(thing);
    known.set(thing, key);
  }
  return key;
}
