import type { SessionId } from "@holdfast/base/ids";
import type { Violation } from "@holdfast/simulator/history/run";
import type { Acceptors } from "./acceptors.ts";
import { Interner } from "./interner.ts";
import type { Pasts } from "./past.ts";
import { placesMax } from "./proposer-state.ts";
import { grantOf, type Scope } from "./scope.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A region and everything between it and the proposers. Which of the three it is says nothing. */
export interface Column {
  readonly acceptor: number;
  /** Requests on their way, and whether they are copies and somebody waits for their answer. */
  readonly requests: readonly number[];
  /** For each proposer: answers that it has not made anything of yet. */
  readonly inboxes: readonly number[];
  /** Proposers whose client counts on its lease here, one bit each. */
  readonly beliefs: number;
  /** Ballots that may still be accepted here, one bit each. */
  readonly flying: number;
}

/** Answers of a region to one proposer. */
export interface Inbox {
  readonly answers: readonly number[];
  /** Answers that its attempt has heard; kept only where nothing is left out. */
  readonly heard: readonly number[];
}

/** Something that may happen in a region. */
export interface Move {
  readonly what:
    | { readonly kind: "deliver"; readonly message: number; readonly reply: number }
    | { readonly kind: "expire"; readonly session: string }
    | { readonly kind: "wipe" };
  readonly column: number;
  /** What the checks are told, -1 for nothing. */
  readonly told: number;
  readonly copies: number;
  readonly wipes: number;
  readonly violation?: Violation;
}

/** What becomes of what is under way between a proposer and a region. */
export interface Update {
  readonly proposer: number;
  /**
   * What the proposer still listens to: nothing of what it said before, answers to its accept, or
   * those as far as they confirm its grant.
   */
  readonly keeps: "nothing" | "accepts" | "confirmations";
  readonly request: number;
  readonly believes: boolean | undefined;
  /** Answers that it has just heard, with the place that each has among those it heard. */
  readonly heard: readonly { readonly reply: number; readonly place: number }[];
}

const isCopy = 1;
const isUnawaited = 2;
const flags = 4;

/** All regions that were met, by what is in them and around them. */
export class Columns {
  readonly #scope: Scope;
  readonly #vocabulary: Vocabulary;
  readonly #acceptors: Acceptors;
  readonly #pasts: Pasts;
  readonly #columns = new Interner<Column>();
  readonly #inboxes = new Interner<Inbox>();
  readonly #moves: (readonly Move[])[] = [];
  readonly #updates = new Map<string, number>();
  /** Nothing is left out of what may make a difference to some build. */
  readonly #isExact: boolean;
  readonly first: number;

  constructor(
    scope: Scope,
    vocabulary: Vocabulary,
    acceptors: Acceptors,
    pasts: Pasts,
    isExact: boolean,
  ) {
    this.#scope = scope;
    this.#vocabulary = vocabulary;
    this.#acceptors = acceptors;
    this.#pasts = pasts;
    this.#isExact = isExact;
    const sessions = new Set(scope.clients.map((client) => grantOf(client).session));
    const none = this.#inboxId([], []);
    this.first = this.#idOf({
      acceptor: acceptors.fresh(
        [...sessions].filter((session) => session !== ""),
        scope.holder,
      ),
      requests: [],
      inboxes: scope.clients.map(() => none),
      beliefs: 0,
    });
  }

  at(id: number): Column {
    return this.#columns.at(id);
  }

  inbox(id: number): Inbox {
    return this.#inboxes.at(id);
  }

  /** Everything that may happen in it by itself. */
  moves(id: number): readonly Move[] {
    let moves = this.#moves[id];
    if (moves === undefined) {
      moves = this.#movesOf(this.at(id));
      this.#moves[id] = moves;
    }
    return moves;
  }

  update(id: number, update: Update): number {
    const { proposer, keeps, request, believes, heard } = update;
    const places = heard.map(({ reply, place }) => reply * placesMax + place);
    const key = `${id}/${proposer}/${keeps}/${request}/${believes}/${places}`;
    let updated = this.#updates.get(key);
    if (updated === undefined) {
      updated = this.#updated(this.at(id), update);
      this.#updates.set(key, updated);
    }
    return updated;
  }

  #movesOf(column: Column): Move[] {
    const moves: Move[] = [];
    for (const request of column.requests) {
      moves.push(this.#deliver(column, request, false));
      if ((request & isCopy) === 0 && this.#scope.copies > 0) {
        moves.push(this.#deliver(column, request, true));
      }
    }
    const { leases, halfTrusted } = this.#acceptors.at(column.acceptor);
    for (const session of this.#scope.mayExpire) {
      const isThere = leases.some(([name]) => name === session);
      const believed = this.#believersOf(session);
      if (isThere || (column.beliefs & believed) !== 0) moves.push(this.#expire(column, session));
    }
    if (this.#scope.wipes > 0 && !halfTrusted) {
      const { acceptor } = this.#acceptors.wipe(column.acceptor);
      const what = { kind: "wipe" as const };
      const after = this.#idOf({ ...column, acceptor });
      moves.push({ what, column: after, told: -1, copies: 0, wipes: 1 });
    }
    return moves;
  }

  #deliver(column: Column, request: number, leavesCopy: boolean): Move {
    const message = Math.floor(request / flags);
    const { proposer, kind } = this.#vocabulary.messages.at(message);
    const effect = this.#acceptors.ask(column.acceptor, message);
    const requests = column.requests.filter((each) => each !== request);
    if (leavesCopy) requests.push(request | isCopy);
    const inboxes = [...column.inboxes];
    let { beliefs } = column;
    if ((request & isUnawaited) === 0) {
      const { answers, heard } = this.inbox(inboxes[proposer]!);
      const isSettled = heard.includes(settled);
      if (isSettled && kind === "accept" && this.#confirms(effect.reply, proposer)) {
        beliefs |= 1 << proposer;
      } else if (!isSettled) {
        inboxes[proposer] = this.#inboxId([...answers, effect.reply], heard);
      }
    }
    const after = { ...column, acceptor: effect.acceptor, requests, inboxes, beliefs };
    const told =
      effect.accepted === undefined
        ? -1
        : this.#pasts.toldId({
            kind: "accepted",
            ...effect.accepted.accepted,
            promised: effect.accepted.promised,
          });
    const move = {
      what: { kind: "deliver" as const, message, reply: effect.reply },
      column: this.#idOf(after),
      told,
      copies: leavesCopy ? 1 : 0,
      wipes: 0,
    };
    return effect.violation === undefined ? move : { ...move, violation: effect.violation };
  }

  #expire(column: Column, session: string): Move {
    const { acceptor, violation } = this.#acceptors.expire(column.acceptor, session as SessionId);
    const beliefs = column.beliefs & ~this.#believersOf(session);
    const what = { kind: "expire" as const, session };
    const after = this.#idOf({ ...column, acceptor, beliefs });
    const move = { what, column: after, told: -1, copies: 0, wipes: 0 };
    return violation === undefined ? move : { ...move, violation };
  }

  #updated(column: Column, { proposer, keeps, request, believes, heard }: Update): number {
    const inbox = this.inbox(column.inboxes[proposer]!);
    const isOwn = (each: number) => this.#vocabulary.messages.at(Math.floor(each / flags));
    const requests = column.requests.map((each) => {
      const message = isOwn(each);
      if (message.proposer !== proposer) return each;
      const isKept =
        keeps === "nothing"
          ? false
          : message.kind === "accept" || (this.#isExact && keeps === "accepts");
      return isKept ? each : each | isUnawaited;
    });
    if (request >= 0) requests.push(request * flags);
    const { session } = grantOf(this.#scope.clients[proposer]!);
    const { leases } = this.#acceptors.at(column.acceptor);
    const isAlive = leases.some(([name]) => name === session);
    let beliefs = column.beliefs;
    if (believes === true && isAlive) beliefs |= 1 << proposer;
    if (believes === false) beliefs &= ~(1 << proposer);
    const places = heard.map(({ reply, place }) => reply * placesMax + place);
    const left = [...inbox.answers];
    for (const { reply } of heard) left.splice(left.indexOf(reply), 1);
    const inboxes = [...column.inboxes];
    if (keeps === "accepts") {
      const answers = this.#isExact ? left : left.filter((each) => this.#isToAccept(each));
      inboxes[proposer] = this.#inboxId(answers, this.#isExact ? [...inbox.heard, ...places] : []);
    } else if (keeps === "confirmations") {
      if (isAlive && left.some((each) => this.#confirms(each, proposer))) beliefs |= 1 << proposer;
      inboxes[proposer] = this.#inboxId([], [settled]);
    } else {
      inboxes[proposer] = this.#inboxId([], []);
    }
    return this.#idOf({ ...column, requests, inboxes, beliefs });
  }

  #isToAccept(reply: number): boolean {
    return this.#vocabulary.replies.at(reply).kind === "accept";
  }

  /** The region put the liveness of the proposer's grant. */
  #confirms(replyId: number, proposer: number): boolean {
    const reply = this.#vocabulary.replies.at(replyId);
    if (reply.kind !== "accept" || reply.reply.kind !== "accepted") return false;
    const { grantId } = grantOf(this.#scope.clients[proposer]!);
    return reply.reply.attached.some((each) => each.grantId === grantId);
  }

  #believersOf(session: string): number {
    let bits = 0;
    for (const [index, client] of this.#scope.clients.entries()) {
      if (grantOf(client).session === session) bits |= 1 << index;
    }
    return bits;
  }

  #inboxId(answers: readonly number[], heard: readonly number[]): number {
    // The same answer twice says nothing more than once.
    const distinct = [...new Set(answers)].sort((left, right) => left - right);
    return this.#inboxes.idOf(`${distinct}/${heard}`, () => ({ answers: distinct, heard }));
  }

  #idOf(column: Omit<Column, "flying">): number {
    const { acceptor, inboxes, beliefs } = column;
    let flying = 0;
    const requests: number[] = [];
    for (const request of column.requests) {
      const message = Math.floor(request / flags);
      const isIdle = this.#acceptors.ask(acceptor, message).acceptor === acceptor;
      // Nobody waits for the answer, and the region has gone past it for ever.
      if (isIdle && (request & isUnawaited) !== 0 && !this.#isExact) continue;
      requests.push(request);
      const said = this.#vocabulary.messages.at(message);
      if (said.kind === "accept" && !isIdle) {
        flying |= this.#vocabulary.ballotBit(said.request.ballot);
      }
    }
    requests.sort((left, right) => left - right);
    const key = `${acceptor}/${requests}/${inboxes}/${beliefs}`;
    return this.#columns.idOf(key, () => ({ acceptor, requests, inboxes, beliefs, flying }));
  }
}

/** Stands in an inbox whose attempt is over, but for what confirms its grant. */
const settled = -1;
