import { type LockId, printLock } from "../lock/lock-id.ts";
import { type Ballot, printBallot } from "../quorum/ballot.ts";

/** How one field of an event stands in its line. */
interface Field<Value> {
  write(value: Value): string | number;
  /** Undefined for what is not written so. */
  read(json: unknown): Value | undefined;
}

const text: Field<string> = {
  write: (value) => value,
  read: (json) => (typeof json === "string" ? json : undefined),
};

/** 0 to 2^53 - 1. */
const whole: Field<number> = {
  write: (value) => value,
  read: (json) => (Number.isSafeInteger(json) && Number(json) >= 0 ? Number(json) : undefined),
};

/** There, or left out. */
const flag: Field<true> = {
  write: () => 1,
  read: (json) => (json === 1 ? true : undefined),
};

/** Up to 2^64 - 1: JSON's readers lose digits past 2^53, so it stands as text. */
const big: Field<bigint> = {
  write: (value) => value.toString(),
  read: (json) => {
    const isNumber = typeof json === "string" && /^(0|[1-9]\d{0,19})$/.test(json);
    return isNumber ? BigInt(json) : undefined;
  },
};

/** `region/namespace/name`, where only the name may contain a slash. */
const lockId: Field<LockId> = {
  write: printLock,
  read: (json) => {
    const [, region, namespace, name] =
      typeof json === "string" ? (/^([^/]+)\/([^/]+)\/(.+)$/s.exec(json) ?? []) : [];
    if (region === undefined || namespace === undefined || name === undefined) return undefined;
    return { region, namespace, name };
  },
};

/** `round.proposer.incarnation`. */
const ballot: Field<Ballot> = {
  write: printBallot,
  read: (json) => {
    const parts = typeof json === "string" ? json.split(".").map(Number) : [];
    const [round, proposer, incarnation] = parts;
    if (parts.length !== 3 || !parts.every((part) => Number.isSafeInteger(part) && part >= 0)) {
      return undefined;
    }
    return round === undefined || proposer === undefined || incarnation === undefined
      ? undefined
      : { round, proposer, incarnation };
  },
};

/** One of some words. */
function word(...words: readonly string[]): Field<string> {
  return {
    write: (value) => value,
    read: (json) => words.find((each) => each === json),
  };
}

/** All fields there are, in the order in which a line has them. */
export const eventFields = {
  cluster: text,
  revision: big,
  index: whole,
  atMs: whole,
  region: text,
  shard: text,
  found: flag,
  lock: lockId,
  grantId: text,
  token: big,
  mode: word("exclusive", "shared"),
  owner: text,
  session: text,
  ttlMs: whole,
  home: text,
  queuedAt: big,
  from: text,
  cause: word(
    "released",
    "session-closed",
    "expired",
    "superseded",
    "withdrawn",
    "granted",
    "closed",
    "cancelled",
    "refused",
    "lost",
    "forced",
    "unchosen",
    "unknown",
  ),
  actor: text,
  reason: text,
  version: whole,
  ballot,
  record: text,
  change: word("put", "deleted"),
  missingFrom: big,
  missingTo: big,
} as const;

/** A field of an event. */
export type FieldName = keyof typeof eventFields;

/** In the order in which a line has them. */
export const fieldNames = Object.keys(eventFields) as readonly FieldName[];
