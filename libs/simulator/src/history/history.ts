import type { Mode } from "@holdfast/core/lock/lock-id";

/**
 * What happened in a run, in order and in true time: what the shards stored, what routers answered,
 * and what clients believed. Checkers read nothing else.
 */
export type HistoryEntry =
  | StoredEntry
  | LeaseEntry
  | AskedEntry
  | ToldEntry
  | SessionEndEntry
  | AnsweredEntry
  | BeliefEntry
  | ProcessEntry
  | HealedEntry;

interface Entry<Kind extends string> {
  readonly kind: Kind;
  /** True time, in ms. */
  readonly atMs: number;
}

/** One revision of one shard. */
export interface StoredEntry extends Entry<"stored"> {
  readonly shard: string;
  readonly revision: number;
  readonly changes: readonly Change[];
}

/** One key of a revision. */
export type Change =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly createRevision: number;
      /** 0: none. */
      readonly lease: bigint;
      /** The stored record, where the key has one. */
      readonly record?: StoredRecord;
      /** The number written to `/epoch`. */
      readonly epoch?: number;
    }
  | { readonly kind: "delete"; readonly key: string };

/** What the checkers need of a holder's or waiter's record. */
export interface StoredRecord {
  readonly mode: Mode;
  readonly epoch: number;
  readonly ttlMs: number;
  readonly hasSession: boolean;
  /** What tells the sessions of one client apart; empty without one. */
  readonly session: string;
  /** The request of the workload this was made for. */
  readonly request: string;
}

/** A lease was made, kept alive or revoked, at the moment the shard did it. */
export interface LeaseEntry extends Entry<"lease"> {
  readonly shard: string;
  readonly lease: bigint;
  readonly what: "granted" | "kept" | "revoked";
  /** 0 where it is revoked or had ended. */
  readonly ttlMs: number;
}

/** An application asked its client for a lock. */
export interface AskedEntry extends Entry<"asked"> {
  readonly client: string;
  readonly request: string;
  readonly lock: string;
  readonly mode: Mode;
  /** 0 is a try. */
  readonly waitMs: number;
  readonly hasSession: boolean;
  readonly ttlMs: number;
}

/** A router sent an answer about one grant id; it need not arrive. */
export interface ToldEntry extends Entry<"told"> {
  readonly router: string;
  readonly what: "granted" | "released" | "not-held" | "cancelled";
  readonly lock: string;
  readonly grantId: string;
  /** 0 where the answer names none. */
  readonly token: bigint;
  /** The request was to be refused from now on: copies of it may be under way. */
  readonly forGood: boolean;
  /** How much of the history there was when the command arrived. */
  readonly arrivedOrder: number;
}

/** A router said that a session, or its lease in one shard, has ended. */
export interface SessionEndEntry extends Entry<"session-end"> {
  readonly router: string;
  readonly session: string;
  /** Empty: in every shard. */
  readonly shard: string;
  /** 0: whichever it had. */
  readonly lease: bigint;
  /** How much of the history there was when the command arrived. */
  readonly arrivedOrder: number;
}

/** A client told its application what became of a request. */
export interface AnsweredEntry extends Entry<"answered"> {
  readonly client: string;
  readonly request: string;
  /** `given-up`: the application stopped waiting, or got a failure. */
  readonly what: "granted" | "held" | "timeout" | "given-up" | "released";
  /** 0 but for `granted`. */
  readonly token: bigint;
}

/** An application begins or ceases to believe that it holds a lock, and to act on it. */
export interface BeliefEntry extends Entry<"belief"> {
  readonly client: string;
  readonly request: string;
  readonly lock: string;
  readonly grantId: string;
  readonly mode: Mode;
  readonly token: bigint;
  readonly believes: boolean;
}

/** A process was stopped, resumed, ended or started. */
export interface ProcessEntry extends Entry<"process"> {
  readonly name: string;
  readonly role: "client" | "router";
  readonly state: "started" | "paused" | "suspended" | "resumed" | "crashed" | "closed";
}

/** From here on nothing is injected any more. */
export interface HealedEntry extends Entry<"healed"> {}
