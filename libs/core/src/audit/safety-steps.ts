import { lockKey } from "../lock/lock-id.ts";
import { printBallot } from "../quorum/ballot.ts";
import type { AuditEvent } from "./event.ts";
import type { EndSeen, GrantSeen, RegisterCopy, SafetyStep } from "./safety-step.ts";

/** What an event is to the safety checker; undefined where it says nothing of who holds a lock. */
export function safetyStep(event: AuditEvent): SafetyStep | undefined {
  switch (event.kind) {
    case "LockAcquired":
    case "LockHandedOver":
    case "DelegatedGranted":
      return granted(event);
    case "GlobalGranted":
      return granted(event, copyOf(event));
    case "DelegationGiven":
    case "DelegationRenewed":
      return granted(event, { ...copyOf(event), delegatedTo: event.home });
    case "LockReleased":
    case "DelegatedReleased":
      return ended(event, "released");
    case "LockExpired":
    case "DelegatedLost":
      return ended(event, "expired");
    case "LockForceReleased":
      return ended(event, "forced");
    case "GlobalReleased":
    case "GlobalTakenOver":
    case "GlobalForceReleased":
    case "DelegationEnded":
      return ended(event, registerCauses[event.cause], copyOf(event));
    case "AuditGap":
      return { kind: "gap", ...seen(event) };
    case "RecordUnreadable":
      // Whoever held the lock may have been overwritten, and what is unreadable may be a holder.
      if (event.lock === undefined) return undefined;
      return { kind: "gap", ...seen(event), lock: lockKey(event.lock) };
    default:
      return undefined;
  }
}

type OfTenure = Extract<AuditEvent, { readonly token: bigint }>;
type OfRegister = Extract<OfTenure, { readonly home: string }>;
type RegisterEnd = Extract<OfRegister, { readonly cause: unknown }>;

/**
 * What was not chosen was never held, and is taken back as a request is; what nobody remembers the
 * end of can only have ended.
 */
const registerCauses: Readonly<Record<RegisterEnd["cause"], EndSeen["cause"]>> = {
  released: "released",
  cancelled: "cancelled",
  lost: "expired",
  forced: "forced",
  unchosen: "cancelled",
  unknown: "expired",
};

function granted(event: OfTenure, copy?: RegisterCopy): GrantSeen {
  const { grantId, token, mode, lock } = event;
  const kind = event.found === true ? "found" : "granted";
  const step = { kind, ...seen(event), lock: lockKey(lock), grantId, token, mode } as const;
  return copy === undefined ? step : { ...step, copy };
}

function ended(event: OfTenure, cause: EndSeen["cause"], copy?: RegisterCopy): EndSeen {
  const { grantId, token, lock } = event;
  const step = {
    kind: "ended",
    ...seen(event),
    lock: lockKey(lock),
    grantId,
    token,
    cause,
  } as const;
  return copy === undefined ? step : { ...step, copy };
}

function copyOf({ version, ballot }: OfRegister): RegisterCopy {
  return { version, ballot: printBallot(ballot) };
}

function seen({ region, cluster, revision, index, atMs }: AuditEvent) {
  return { region, position: { cluster, revision, index }, atMs };
}
