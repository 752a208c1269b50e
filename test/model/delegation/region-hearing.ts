import type { GrantId } from "@holdfast/base/ids";
import {
  closedState,
  type DelegationState,
  grantedState,
  isOlderState,
  localToken,
  openedState,
} from "@holdfast/core/delegation/delegation-state";
import type { LocalReply, ReleaseStep, Seen } from "@holdfast/core/delegation/local-step";
import { type Coordinator, left, type Tenure, type Turn, tell } from "./region-coordinator.ts";

/** What a coordinator makes of the answer to its step; `reply` undefined: none came in time. */
export function hearStep(self: Coordinator, reply: LocalReply | undefined): readonly Turn[] {
  const { asked, ...rest } = self;
  if (asked === undefined) return [];
  const calm: Coordinator = { ...rest, asked: undefined };
  const { step, isOrphan } = asked;
  if (isOrphan && step.kind !== "release") return [{ why: "it was for what was left", next: calm }];
  switch (step.kind) {
    case "open":
      return opened(calm, step.state, reply);
    case "renew":
      if (reply?.kind !== "done") return missed(calm, reply);
      return [
        { why: "renewed", next: { ...calm, state: openedState(step.from.id, step.counter) } },
      ];
    case "promote":
      if (reply?.kind === "done") return granted(calm, step.from, step.place.request.grantId);
      return missed(withoutPlace(calm, step.place.request.grantId), reply);
    case "grant": {
      const { grantId } = step.request;
      if (reply?.kind === "done") return granted(calm, step.from, grantId);
      if (reply?.kind === "given-up" || reply?.kind === "lease-ended")
        return refused(calm, grantId);
      return missed(calm, reply);
    }
    case "close":
      if (reply?.kind !== "done") return missed(calm, reply);
      return [
        { why: "closed", next: { ...calm, state: closedState(step.from), holder: undefined } },
      ];
    case "release":
      if (isOrphan) return releasedLate(calm, step, reply);
      return released(calm, step, reply);
    default:
      return reply?.kind === "seen" ? adoptSeen(calm, reply) : [{ why: "no answer", next: calm }];
  }
}

/** What it makes of the register's answer. `isLive`: what it says of leases is still true. */
export function hearRegister(self: Coordinator): readonly Turn[] {
  const { tenure } = self;
  const underWay = tenure?.underWay;
  if (tenure === undefined || underWay?.outcome === undefined) return [];
  const { outcome, isStale } = underWay;
  const calm: Tenure = { ...tenure, underWay: undefined };
  switch (outcome.kind) {
    case "cancelled":
    case "ended":
    case "forgotten":
      return [{ why: `the register: ${outcome.kind}`, next: left(self) }];
    case "granted": {
      if (tenure.isEnding) return [{ why: "it is to end", next: { ...self, tenure: calm } }];
      const isConfirmed = calm.isConfirmed || !isStale;
      const given = { ...calm, token: outcome.holder.token, isConfirmed };
      return [
        { why: isStale ? "granted, D has passed" : "granted", next: { ...self, tenure: given } },
      ];
    }
    default:
      return [{ why: outcome.kind, next: { ...self, tenure: calm } }];
  }
}

function opened(
  self: Coordinator,
  state: DelegationState,
  reply: LocalReply | undefined,
): readonly Turn[] {
  if (reply?.kind === "done") {
    const next: Coordinator = { ...self, state, holder: undefined, isInDoubt: false };
    return [{ why: "opened", next }];
  }
  if (reply?.kind !== "seen") return [{ why: "nobody knows whether it is open", next: self }];
  if (reply.state?.id === state.id) return adopt(self, reply);
  return [{ why: "something else is there", next: left(self) }];
}

function granted(self: Coordinator, from: DelegationState, grantId: GrantId): readonly Turn[] {
  const state = grantedState(from);
  return tell({ ...self, state }, "granted", { grantId, token: localToken(state) });
}

function released(
  self: Coordinator,
  step: ReleaseStep,
  reply: LocalReply | undefined,
): readonly Turn[] {
  const { grantId, token, next } = step;
  if (reply?.kind !== "released") {
    return [{ why: "nobody knows", next: { ...self, isInDoubt: self.state !== undefined } }];
  }
  const { holder } = self;
  const wasHolder = holder?.grantId === grantId && holder.token === token;
  const free: Coordinator = { ...self, holder: wasHolder ? undefined : holder };
  const told = [{ kind: "over", client: grantId }] as const;
  if (next === undefined) return [{ why: "released", next: free, told }];
  if (!reply.isNextDone) {
    const doubt = { ...free, isInDoubt: true };
    const then = next.kind === "close" ? doubt : withoutPlace(doubt, next.place.request.grantId);
    return [{ why: "released, and no more", next: then, told }];
  }
  if (next.kind === "close") {
    const closed = { ...free, state: closedState(next.from), holder: undefined, isInDoubt: false };
    return [{ why: "released and closed", next: closed, told }];
  }
  return granted(free, next.from, next.place.request.grantId).map((turn) => {
    return { ...turn, told: [...told, ...(turn.told ?? [])] };
  });
}

/** What came along with it was of the delegation that was left, and is nobody's business here. */
function releasedLate(
  self: Coordinator,
  { grantId }: ReleaseStep,
  reply: LocalReply | undefined,
): readonly Turn[] {
  if (reply?.kind !== "released") return [{ why: "nobody knows", next: self }];
  return [{ why: "released", next: self, told: [{ kind: "over", client: grantId }] }];
}

function refused(self: Coordinator, grantId: GrantId): readonly Turn[] {
  const line = self.line.filter(({ client }) => client !== grantId);
  return [
    { why: "refused", next: { ...self, line }, told: [{ kind: "unknown", client: grantId }] },
  ];
}

function missed(self: Coordinator, reply: LocalReply | undefined): readonly Turn[] {
  if (reply?.kind === "seen") return adoptSeen(self, reply);
  return [{ why: "nobody knows", next: { ...self, isInDoubt: true } }];
}

function adoptSeen(self: Coordinator, seen: Seen): readonly Turn[] {
  const { state: known } = self;
  const { state } = seen;
  const calm = { ...self, isInDoubt: false };
  if (known === undefined) return [{ why: "sees", next: calm }];
  if (state !== undefined && state.id !== known.id && state.counter > known.counter) {
    return [{ why: "sees that another one was opened", next: left(calm) }];
  }
  if (state === undefined || isOlderState(state, known)) {
    return [
      { why: "sees that the shard has lost its data; leaves it to expire", next: left(calm) },
    ];
  }
  return adopt(calm, seen);
}

function adopt(self: Coordinator, { state, holder }: Seen): readonly Turn[] {
  const next = { ...self, state, holder: undefined, isInDoubt: false };
  return holder === undefined ? [{ why: "sees nobody", next }] : tell(next, "sees", holder);
}

function withoutPlace(self: Coordinator, grantId: GrantId): Coordinator {
  const line = self.line.map((each) => {
    return each.client === grantId ? { ...each, place: undefined } : each;
  });
  return { ...self, line };
}
