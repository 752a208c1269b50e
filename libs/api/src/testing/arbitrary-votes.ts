import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import type { Ballot } from "@holdfast/core/quorum/ballot";
import type { Accepted, Attached } from "@holdfast/core/quorum/message";
import type { Fate, GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import fc from "fast-check";
import type { VotingAnswer, VotingQuestion } from "../codec/voting-message.ts";
import {
  arbitraryId,
  arbitraryLabel,
  arbitraryMetadata,
  arbitraryMode,
  arbitraryToken,
  arbitraryUnicode,
} from "./arbitrary-commands.ts";
import { arbitraryFailure } from "./arbitrary-outcomes.ts";

// Random registers, questions and answers, as coordinators send them.

const grantId = arbitraryId as fc.Arbitrary<GrantId>;
const session = fc
  .tuple(fc.constantFrom("", "~"), arbitraryId)
  .map((parts) => parts.join("") as SessionId);
const lease = arbitraryToken as fc.Arbitrary<unknown> as fc.Arbitrary<LeaseId>;
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const generation = fc.integer({ min: 0, max: 2 ** 40 });
const unsigned32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const ttlMs = fc.integer({ min: 5_000, max: 3_600_000 });

/** Any ballot that has one above it. */
export const arbitraryBallot: fc.Arbitrary<Ballot> = fc.record({
  round: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1 }),
  proposer: unsigned32,
  incarnation: unsigned32,
});

const plain: fc.Arbitrary<GlobalRequest> = fc.record({
  grantId,
  session,
  region: arbitraryLabel,
  ttlMs,
  mode: arbitraryMode,
  owner: arbitraryUnicode,
  metadata: arbitraryMetadata,
  atMs: count,
});

const request: fc.Arbitrary<GlobalRequest> = fc
  .tuple(plain, fc.boolean())
  .map(([each, isDelegation]) => (isDelegation ? { ...each, delegation: true } : each));

/** Any value of a register. */
export const arbitraryRegister: fc.Arbitrary<RegisterValue> = fc.record({
  token: arbitraryToken,
  holders: fc.uniqueArray(
    fc.tuple(request, arbitraryToken).map(([holder, token]) => ({ ...holder, token })),
    { maxLength: 4, selector: (holder) => holder.grantId },
  ),
  waiters: fc.array(request, { maxLength: 4 }),
  recent: fc.array(
    fc.record({
      grantId,
      fate: fc.constantFrom<Fate>("released", "cancelled", "lost", "forced", "refused"),
      version: count,
    }),
    { maxLength: 4 },
  ),
  version: count,
});

/** What a region may have accepted. */
export const arbitraryAccepted: fc.Arbitrary<Accepted> = fc.record({
  ballot: arbitraryBallot,
  value: arbitraryRegister,
});

/** Any question. */
export const arbitraryQuestion: fc.Arbitrary<VotingQuestion> = fc.oneof(
  fc.record({ kind: fc.constant("meet" as const), session, ttlMs }),
  fc.record({ kind: fc.constant("prepare" as const), ballot: arbitraryBallot, generation }),
  fc
    .tuple(arbitraryAccepted, fc.array(grantId, { maxLength: 4 }), generation, fc.boolean())
    .map(([{ ballot, value }, forget, at, attaches]) => ({
      kind: "accept" as const,
      ballot,
      value,
      next: { ...ballot, round: ballot.round + 1 },
      attach: attaches ? value.holders : [],
      forget,
      generation: at,
    })),
  fc.record({ kind: fc.constant("read" as const), generation }),
  fc.record({ kind: fc.constant("keep-alive" as const), session }),
);

const attached: fc.Arbitrary<readonly Attached[]> = fc.array(fc.record({ grantId, lease }), {
  maxLength: 4,
});
const showing = fc
  .record({
    accepted: fc.option(arbitraryAccepted, { nil: undefined }),
    live: attached,
    halfTrusted: fc.boolean(),
  })
  .map(({ accepted, ...rest }) => ({ ...rest, ...(accepted && { accepted }) }));

/** Any answer. */
export const arbitraryAnswer: fc.Arbitrary<VotingAnswer> = fc.oneof(
  showing.map((each) => ({ kind: "promised" as const, ...each })),
  showing.map((each) => ({ kind: "shown" as const, ...each })),
  fc.record({ kind: fc.constant("accepted" as const), attached }),
  fc.record({ kind: fc.constant("refused" as const), promised: arbitraryBallot }),
  fc.record({ kind: fc.constant("other-generation" as const), generation }),
  fc.record({
    kind: fc.constant("lease" as const),
    shard: arbitraryLabel,
    lease,
    validForMs: unsigned32,
  }),
  arbitraryFailure,
);
