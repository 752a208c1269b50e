import { type Ballot, compareBallots, printBallot } from "@holdfast/core/quorum/ballot";
import type {
  AcceptReply,
  AcceptRequest,
  Attached,
  PrepareReply,
  PrepareRequest,
} from "@holdfast/core/quorum/message";
import { emptyRegister, type RegisterValue } from "@holdfast/core/quorum/register-value";
import { Interner, keyOf } from "./interner.ts";

/** What a proposer says to a region. */
export type Message =
  | { readonly kind: "prepare"; readonly proposer: number; readonly request: PrepareRequest }
  | { readonly kind: "accept"; readonly proposer: number; readonly request: AcceptRequest };

/** What a region says to a proposer. */
export type Reply =
  | { readonly kind: "prepare"; readonly reply: PrepareReply }
  | { readonly kind: "accept"; readonly reply: AcceptReply };

/** Bits for the ballots of proposals; those past the last share it, and are never done with. */
const ballotBitsMax = 30;

/** The values, requests and answers of an exploration, each made once and known by its number. */
export class Vocabulary {
  readonly #values = new Interner<RegisterValue>();
  readonly #idOfValue = new WeakMap<RegisterValue, number>();
  readonly messages = new Interner<Message>();
  readonly replies = new Interner<Reply>();
  readonly #bits = new Map<string, number>();

  constructor() {
    this.#values.idOf(keyOf(emptyRegister), () => emptyRegister);
    this.#idOfValue.set(emptyRegister, 0);
  }

  valueId(value: RegisterValue): number {
    const known = this.#idOfValue.get(value);
    if (known !== undefined) return known;
    const id = this.#values.idOf(keyOf(value), () => value);
    this.#idOfValue.set(value, id);
    return id;
  }

  value(id: number): RegisterValue {
    return this.#values.at(id);
  }

  /** The one object that stands for all values equal to it: the core compares them as objects. */
  same(value: RegisterValue): RegisterValue {
    return this.value(this.valueId(value));
  }

  messageId(message: Message): number {
    return this.messages.idOf(this.#messageKey(message), () => {
      if (message.kind === "prepare") return message;
      const { request } = message;
      return { ...message, request: { ...request, value: this.same(request.value) } };
    });
  }

  replyId(reply: Reply): number {
    return this.replies.idOf(this.#replyKey(reply), () => reply);
  }

  #messageKey(message: Message): string {
    const { proposer, request } = message;
    const { ballot, generation } = request;
    const head = `${proposer} ${printBallot(ballot)} ${generation}`;
    if (message.kind === "prepare") return head;
    const { value, next, attach, forget } = message.request;
    const grants = attach.map(({ grantId }) => grantId);
    return `${head} ${this.valueId(value)} ${printBallot(next)} ${grants} ${forget}`;
  }

  #replyKey({ kind, reply }: Reply): string {
    const live = (all: readonly Attached[]) =>
      all.map(({ grantId, lease }) => `${grantId}=${lease}`);
    switch (reply.kind) {
      case "promised": {
        const { accepted, halfTrusted } = reply;
        const base = accepted && `${printBallot(accepted.ballot)}=${this.valueId(accepted.value)}`;
        return `promised ${base} ${live(reply.live)} ${halfTrusted}`;
      }
      case "accepted":
        return `accepted ${live(reply.attached)}`;
      case "refused":
        return `${kind} refused ${printBallot(reply.promised)}`;
      default:
        return `${kind} ${keyOf(reply)}`;
    }
  }

  /** A bit that stands for the ballot of a proposal. */
  ballotBit(ballot: Ballot): number {
    const key = printBallot(ballot);
    let bit = this.#bits.get(key);
    if (bit === undefined) {
      bit = 1 << Math.min(this.#bits.size, ballotBitsMax);
      this.#bits.set(key, bit);
    }
    return bit;
  }

  /** The bit is shared, so it says nothing of any one ballot. */
  isShared(bit: number): boolean {
    return bit === 1 << ballotBitsMax;
  }
}

/** The same ballot, or both none. */
export function isSameBallot(left: Ballot | undefined, right: Ballot | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compareBallots(left, right) === 0;
}
