import type { Clock } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import type { DelegationPolicy } from "@holdfast/core/delegation/recall";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import type { LocalShard } from "./delegated-steps.ts";
import type { DelegationSession } from "./delegation-session.ts";
import type { Confirmed, RegisterDoor } from "./delegation-tenure.ts";

/** Callers of one lock at one coordinator; past it they are told to ask elsewhere, or again. */
export const waitersMax = 10_000;

/** What the delegation of a lock at one coordinator needs. */
export interface DelegatedLockOptions<Lock> {
  readonly region: string;
  /** Names this coordinator in its present life: places are handed over to by who wrote them. */
  readonly coordinator: string;
  readonly shard: LocalShard;
  readonly register: RegisterDoor;
  /** The lock, as the session's leases are found by. */
  readonly lock: Lock;
  /** The session that new delegations are asked for with. */
  readonly session: () => DelegationSession<Lock>;
  /** The session of a delegation that another coordinator of this region asked for. */
  readonly sessionOf: (request: GlobalRequest) => DelegationSession<Lock>;
  /** The shard has kept all it knew since the delegation was asked for, as far as is known. */
  readonly mayAdopt: (request: Pick<GlobalRequest, "grantId" | "session">) => boolean;
  /** A plain read of the register [H7]; it may never answer. */
  readonly peek: (
    answer: (value: RegisterValue, isDoubtful: boolean, confirmed?: Confirmed) => void,
  ) => void;
  /** Whether it {@link DelegatedLock.isTakingPart}, when that changes: hints are of use then. */
  readonly onTakingPart?: (isTakingPart: boolean) => void;
  /** A grant id that nobody used before. */
  readonly newId: () => GrantId;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: DelegationPolicy;
  /** A shard that has not answered for so long is asked what it knows, in ms. */
  readonly patienceMs: number;
  /** Register and shard are looked at this often at least, in ms: a quarter of the ttl or so. */
  readonly lookMs: number;
}
