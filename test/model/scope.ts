import type { GrantId } from "@holdfast/base/ids";
import type { AcquireGlobal } from "@holdfast/core/quorum/register-command";

/** What is explored: who asks for what, how often each may try, and what may go wrong. */
export interface Scope {
  readonly name: string;
  /** In a few words, for people. */
  readonly story: string;
  readonly clients: readonly Client[];
  /** Leases of these sessions end, each in its region, at any moment. */
  readonly mayExpire: readonly string[];
  /** Who has the lock in the beginning, known to all regions; nobody's client. */
  readonly holder: string | undefined;
  /** Requests that arrive once more, at any later moment. */
  readonly copies: number;
  /** Regions that lose their leases, and are admitted again half trusted. */
  readonly wipes: number;
}

/** A client and the proposer it talks to, which is its own. */
export interface Client {
  /** Done in turn; what follows an acquire is done only where that was granted. */
  readonly jobs: readonly Job[];
  /** Ballots for each job. */
  readonly attempts: number;
  /** Times that the proposer dies and comes back with nothing but its next incarnation. */
  readonly crashes: number;
  /** A copy of its request was sent to another proposer before [H5]. */
  readonly isRepeat: boolean;
  /** The highest round its proposer has heard of, 0 for none. */
  readonly seenRound: number;
}

/** What a client wants. */
export type Job =
  | AcquireGlobal
  /** Gives back what the acquire before it brought. */
  | { readonly kind: "release"; readonly grantId: GrantId }
  | { readonly kind: "cancel"; readonly grantId: GrantId };

/** The grant a client is after, and the session it is for. */
export function grantOf({ jobs }: Client): { grantId: GrantId; session: string } {
  for (const job of jobs) {
    if (job.kind === "acquire") return job.request;
  }
  const [first] = jobs;
  if (first === undefined) throw new Error("a client wants something");
  return { grantId: first.kind === "acquire" ? first.request.grantId : first.grantId, session: "" };
}

/** How many regions there are. */
export const regions = [0, 1, 2] as const;
