import type { Failure } from "@holdfast/base/failure";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type {
  AcceptReply,
  AcceptRequest,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";

/** The version of the protocol between coordinators; both sides must speak the same one. */
export const votingProtocol = 1;

/** The longest that a question may wait for its answer, in ms. */
export const votingWithinMsMax = 60_000;

/** Who speaks on a stream between coordinators. */
export interface VotingHello {
  readonly protocol: number;
  readonly cluster: string;
  readonly region: string;
  readonly proposer: number;
  readonly incarnation: number;
}

/** What one coordinator asks another one's region; see `VotingRegion` for the meaning. */
export type VotingQuestion =
  | { readonly kind: "meet"; readonly session: SessionId; readonly ttlMs: number }
  | ({ readonly kind: "prepare" } & PrepareRequest)
  | ({ readonly kind: "accept" } & AcceptRequest)
  | { readonly kind: "read"; readonly generation: number }
  | { readonly kind: "keep-alive"; readonly session: SessionId };

/** A session's lease in the asked region, which the answer need not name. */
export interface LeaseThere {
  readonly kind: "lease";
  readonly shard: string;
  readonly lease: LeaseId;
  readonly validForMs: number;
}

/** What came of a question. */
export type VotingAnswer = PrepareReply | AcceptReply | Shown | LeaseThere | Failure;

/** A question and what it is about. */
export interface NumberedQuestion {
  /** 0 to 2^32 - 1. */
  readonly id: number;
  readonly namespace: string;
  readonly name: string;
  readonly withinMs: number;
  /** A failure stands for a question that cannot be read, and is its answer. */
  readonly question: VotingQuestion | Failure;
  /** The trace context of what it is a part of. */
  readonly traceparent?: string;
}

/** What a message of the asking side says. */
export interface ConverseRequestContent {
  readonly kind: "questions";
  readonly hello?: VotingHello;
  readonly questions: readonly NumberedQuestion[];
}

/** What a message of the answering side says. */
export interface ConverseResponseContent {
  readonly kind: "answers";
  readonly hello?: VotingHello;
  readonly answers: readonly { readonly id: number; readonly answer: VotingAnswer }[];
}
