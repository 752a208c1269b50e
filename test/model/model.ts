import type { GrantId } from "@holdfast/base/ids";
import type { Violation } from "@holdfast/simulator/history/run";
import { Acceptors, heldBallot, heldBy } from "./acceptors.ts";
import { Columns, type Move } from "./columns.ts";
import { Pasts } from "./past.ts";
import { Proposers, type Turn } from "./proposers.ts";
import { grantOf, regions, type Scope } from "./scope.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Numbers that make up a state: three regions, the proposers, the past, what faults are left. */
export type State = Uint32Array;

/** One thing that may happen. */
export type Action =
  | { readonly kind: "move"; readonly region: number; readonly move: Move }
  | { readonly kind: "turn"; readonly client: number; readonly turn: Turn };

/** Called with everything that may happen in a state and what comes of it; `after` is reused. */
export type Visit = (after: State, action: Action, violation: Violation | undefined) => void;

/**
 * Everything that may happen to a register in a scope. A state is a few numbers; what a region or
 * a proposer does is asked of the real code once and remembered.
 */
export class Model {
  readonly scope: Scope;
  readonly vocabulary = new Vocabulary();
  readonly pasts: Pasts;
  readonly acceptors: Acceptors;
  readonly columns: Columns;
  readonly proposers: Proposers;
  /** Numbers in a state. */
  readonly width: number;
  readonly isExact: boolean;
  readonly #grants: readonly GrantId[];
  readonly #hears: Map<number, readonly Turn[]>[] = [];
  readonly #alone: Map<number, readonly Turn[]>[];
  readonly #after: State;

  constructor(scope: Scope, isExact = false) {
    this.scope = scope;
    this.isExact = isExact;
    const { vocabulary } = this;
    this.pasts = new Pasts(vocabulary, isExact);
    this.acceptors = new Acceptors(vocabulary);
    this.columns = new Columns(scope, vocabulary, this.acceptors, this.pasts, isExact);
    this.proposers = new Proposers(scope, vocabulary, this.pasts, isExact);
    this.width = regions.length + scope.clients.length + 2;
    this.#after = new Uint32Array(this.width);
    this.#grants = scope.clients.map((client) => grantOf(client).grantId);
    this.#alone = scope.clients.map(() => new Map());
  }

  /** Everybody has asked, and nothing has arrived. */
  first(): State {
    const state = new Uint32Array(this.width);
    state.fill(this.columns.first, 0, regions.length);
    state[this.width - 2] = this.#firstPast();
    for (const client of this.scope.clients.keys()) {
      this.#apply(state, client, this.proposers.first(client));
    }
    return state;
  }

  /** All regions have accepted what the holder of the beginning got. */
  #firstPast(): number {
    const { holder } = this.scope;
    let past = 0;
    if (holder === undefined) return past;
    const value = this.vocabulary.same(heldBy(holder));
    const told = this.pasts.toldId({
      kind: "accepted",
      ballot: heldBallot,
      value,
      promised: heldBallot,
    });
    for (const _ of regions) past = this.pasts.next(past, told, 0, this.#grants).past;
    return past;
  }

  /** Puts a state into the form that it shares with those that differ in names of regions only. */
  sort(state: State): void {
    const a = state[0]!;
    const b = state[1]!;
    const c = state[2]!;
    const least = Math.min(a, b, c);
    const most = Math.max(a, b, c);
    state[0] = least;
    state[1] = a + b + c - least - most;
    state[2] = most;
  }

  /** Everything that may happen in `state`. */
  visit(state: State, visit: Visit): void {
    this.#visitMoves(state, visit);
    for (const client of this.scope.clients.keys()) {
      for (const turn of this.turns(state, client)) {
        const after = this.#after;
        after.set(state);
        visit(after, { kind: "turn", client, turn }, this.#apply(after, client, turn));
      }
    }
  }

  /** Everything that a client's proposer may do. */
  turns(state: State, client: number): readonly Turn[] {
    const id = state[regions.length + client]!;
    let alone = this.#alone[client]!.get(id);
    if (alone === undefined) {
      alone = this.proposers.alone(client, id);
      this.#alone[client]!.set(id, alone);
    }
    const heard = this.#hear(state, client, id);
    if (heard.length === 0) return alone;
    return alone.length === 0 ? heard : [...heard, ...alone];
  }

  #hear(state: State, client: number, id: number): readonly Turn[] {
    const { columns } = this;
    const first = columns.at(state[0]!).inboxes[client]!;
    const second = columns.at(state[1]!).inboxes[client]!;
    const third = columns.at(state[2]!).inboxes[client]!;
    const key = (first * 2 ** 17 + second) * 2 ** 17 + third;
    let known = this.#hears[id * this.scope.clients.length + client];
    if (known === undefined) {
      known = new Map();
      this.#hears[id * this.scope.clients.length + client] = known;
    }
    let turns = known.get(key);
    if (turns === undefined) {
      const all = [first, second, third].map((inbox) => columns.inbox(inbox));
      const answers = all.map((inbox) => inbox.answers);
      turns = this.proposers.hear(
        client,
        id,
        answers,
        all.map((inbox) => inbox.heard),
      );
      (known as Map<number, readonly Turn[]>).set(key, turns);
    }
    return turns;
  }

  #visitMoves(state: State, visit: Visit): void {
    const after = this.#after;
    const past = this.width - 2;
    const faults = this.width - 1;
    const used = state[faults]!;
    for (const region of regions) {
      // What may happen in one of two regions that are alike need not be done twice.
      if (region > 0 && state[region] === state[region - 1]) continue;
      for (const move of this.columns.moves(state[region]!)) {
        if (move.copies > 0 && (used & 0xff) >= this.scope.copies) continue;
        if (move.wipes > 0 && used >> 8 >= this.scope.wipes) continue;
        after.set(state);
        after[region] = move.column;
        after[faults] = used + move.copies + (move.wipes << 8);
        let { violation } = move;
        if (move.told >= 0) {
          const believed = this.believed(state);
          const told = this.pasts.next(state[past]!, move.told, believed, this.#grants);
          after[past] = told.past;
          violation ??= told.violation;
        }
        this.#reduce(after);
        visit(after, { kind: "move", region, move }, violation);
      }
    }
  }

  /** Clients that count on leases in two regions at least, one bit each. */
  believed(state: State): number {
    const { columns } = this;
    const a = columns.at(state[0]!).beliefs;
    const b = columns.at(state[1]!).beliefs;
    const c = columns.at(state[2]!).beliefs;
    return (a & b) | (b & c) | (a & c);
  }

  #apply(state: State, client: number, turn: Turn): Violation | undefined {
    const past = this.width - 2;
    const before = this.believed(state);
    const isBelieved = (before & (1 << client)) !== 0;
    // Who believes already goes on with what it has.
    const isNews = !(isBelieved && turn.believes.includes(true));
    for (const region of regions) {
      const column = state[region]!;
      const key = (column * 4 + region) * 2 + (isNews ? 1 : 0);
      let applied = turn.applied.get(key);
      if (applied === undefined) {
        applied = this.#update(column, region, client, turn, isNews);
        turn.applied.set(key, applied);
      }
      state[region] = applied;
    }
    state[regions.length + client] = turn.proposer;
    let violation: Violation | undefined;
    for (const told of turn.told) {
      const next = this.pasts.next(state[past]!, told, 0, this.#grants);
      state[past] = next.past;
      violation ??= next.violation;
    }
    violation ??= this.#exclusion(this.believed(state));
    this.#reduce(state);
    return violation;
  }

  #update(column: number, region: number, client: number, turn: Turn, isNews: boolean): number {
    const heard = turn.inputs.flatMap((input, index) =>
      input !== "hesitated" && input.column === region
        ? [{ reply: input.reply, place: turn.heardBefore + index }]
        : [],
    );
    return this.columns.update(column, {
      proposer: client,
      keeps: turn.keeps,
      request: turn.requests[region]!,
      believes: isNews ? turn.believes[region] : undefined,
      heard,
    });
  }

  /** I10: nobody believes while somebody whom it excludes does. */
  #exclusion(believed: number): Violation | undefined {
    if ((believed & (believed - 1)) === 0) return undefined;
    for (const [index, { jobs }] of this.scope.clients.entries()) {
      for (const other of this.scope.clients.keys()) {
        const both = (1 << index) | (1 << other);
        if ((believed & both) !== both || other <= index) continue;
        const [one, another] = [this.#grants[index]!, this.#grants[other]!];
        if (one === another) continue;
        const isShared = [jobs, this.scope.clients[other]!.jobs].every((all) =>
          all.some((job) => job.kind === "acquire" && job.request.mode === "shared"),
        );
        if (isShared) continue;
        return { checker: "I10", atMs: 0, message: `${one} and ${another} both believe` };
      }
    }
    return undefined;
  }

  #reduce(state: State): void {
    const { columns } = this;
    let flying = 0;
    for (const region of regions) flying |= columns.at(state[region]!).flying;
    const past = this.width - 2;
    state[past] = this.pasts.reduce(state[past]!, flying);
  }
}
