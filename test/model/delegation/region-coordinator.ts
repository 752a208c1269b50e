import type { GrantId } from "@holdfast/base/ids";
import type { DelegationState } from "@holdfast/core/delegation/delegation-state";
import type { LocalHolder, LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";

/** A delegation as a coordinator has it: see engine/delegation-tenure.ts. */
export interface Tenure {
  readonly id: GrantId;
  /** What the register gave it, as far as is known. */
  readonly token: bigint | undefined;
  /** Leases that two regions confirmed; while they live, D may be ahead or have passed. */
  readonly isConfirmed: boolean;
  /** No step of it was ever sent. */
  readonly isUntouched: boolean;
  readonly isEnding: boolean;
  readonly wasAsked: boolean;
  readonly underWay: UnderWay | undefined;
}

/** A command for the register that an answer is waited for. */
export interface UnderWay {
  readonly command: RegisterCommand;
  readonly outcome: RegisterOutcome | undefined;
  /** What it says of liveness is over: leases have ended since. */
  readonly isStale: boolean;
}

/** A step in the shard that an answer is waited for. */
export interface Asked {
  readonly step: LocalStep;
  readonly generation: number;
  readonly reply: LocalReply | undefined;
  /** The delegation it was sent for was left meanwhile. */
  readonly isOrphan: boolean;
}

/** One that asks this coordinator for the lock. */
export interface InLine {
  readonly client: string;
  readonly lease: number;
  readonly place: { readonly since: bigint; readonly written: bigint } | undefined;
}

/** A grant that is to be given back. */
export interface GivenBack {
  readonly client: string;
  readonly lease: number;
  readonly token: bigint;
}

/** All that a coordinator knows: what engine/delegated-lock.ts keeps of one lock. */
export interface Coordinator {
  readonly generation: number;
  readonly tenure: Tenure | undefined;
  readonly state: DelegationState | undefined;
  readonly holder: LocalHolder | undefined;
  readonly isInDoubt: boolean;
  readonly asked: Asked | undefined;
  /** What it saw when it looked for a delegation to go on with. */
  readonly found: DelegationState | undefined;
  readonly line: readonly InLine[];
  readonly releases: readonly GivenBack[];
}

/** One that has just started. */
export function newCoordinator(generation: number): Coordinator {
  return {
    generation,
    tenure: undefined,
    state: undefined,
    holder: undefined,
    isInDoubt: false,
    asked: undefined,
    found: undefined,
    line: [],
    releases: [],
  };
}

/** Of the delegation nothing is left to be done here. */
export function left(self: Coordinator): Coordinator {
  const { asked } = self;
  return {
    ...self,
    tenure: undefined,
    state: undefined,
    holder: undefined,
    isInDoubt: false,
    asked: asked === undefined ? undefined : { ...asked, isOrphan: true },
  };
}

/** What a client is told. */
export type Told =
  | {
      readonly kind: "granted";
      readonly client: string;
      readonly token: bigint;
      /** The delegation that it rests on. */
      readonly under: GrantId;
      /** It believes no longer than D. */
      readonly isBounded: boolean;
    }
  | { readonly kind: "unknown"; readonly client: string }
  | { readonly kind: "over"; readonly client: string };

/** A coordinator after something, and what it tells. */
export interface Turn {
  readonly why: string;
  readonly next: Coordinator;
  readonly told?: readonly Told[];
  /** Uses one of those that the scope has. */
  readonly uses?: "delegation" | "renewal";
}

/** Told that it has the lock, if D is still ahead; else, that nobody knows. */
export function tell(self: Coordinator, why: string, holder: LocalHolder): readonly Turn[] {
  const next: Coordinator = {
    ...self,
    isInDoubt: false,
    holder,
    line: self.line.filter(({ client }) => client !== holder.grantId),
  };
  const isInLine = next.line.length < self.line.length;
  if (!isInLine) return [{ why, next }];
  const client = holder.grantId;
  const unknown = {
    why: `${why}; D has passed`,
    next,
    told: [{ kind: "unknown", client }] as const,
  };
  return [...believing(next, why, holder), unknown];
}

/** What a client may be told of its grant while D is ahead. */
export function believing(self: Coordinator, why: string, holder: LocalHolder): readonly Turn[] {
  const { tenure } = self;
  if (!tenure?.isConfirmed) return [];
  const { grantId: client, token } = holder;
  const isBounded = true;
  return [
    { why, next: self, told: [{ kind: "granted", client, token, under: tenure.id, isBounded }] },
  ];
}
