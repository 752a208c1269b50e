import { type ChainHead, follows, isIntact, type Link, sameHash } from "./chain.ts";

/**
 * What became of a record.
 *
 * - `edited`: its content was changed, its hash was not, or the other way round.
 * - `deleted`: it is missing, and later ones are there.
 * - `inserted`: it stands between two that follow each other.
 * - `reordered`: it stands before one that comes first.
 * - `duplicated`: it is there again.
 * - `forked`: two different records, both whole, claim one number or one predecessor.
 * - `rewritten`: it was changed and hashed anew, and what vouches for its hash disagrees.
 * - `truncated-start`, `truncated-end`: it is missing, and so is all on that side of it.
 */
export type DamageKind =
  | "edited"
  | "deleted"
  | "inserted"
  | "reordered"
  | "duplicated"
  | "forked"
  | "rewritten"
  | "truncated-start"
  | "truncated-end";

/** The first thing that is wrong with a chain. */
export interface Damage {
  readonly kind: DamageKind;
  readonly cluster: string;
  /** The number of the first bad record: up to the one before it, all is as it was written. */
  readonly first: bigint;
  /**
   * The last of those that are missing, or among which the bad one is; else the same as `first`.
   */
  readonly last: bigint;
  /** A sentence for people. */
  readonly message: string;
}

/** What is known where a chain breaks. */
export interface Break {
  /** The latest record in order. */
  readonly last: ChainHead;
  /** Nothing was read before the break. */
  readonly isStart: boolean;
  /** Up to this number a trusted head vouches for what was read. */
  readonly anchored: bigint;
  /** Hashes of the latest records in order, by number. */
  readonly recent: ReadonlyMap<bigint, Uint8Array>;
  /** The trusted hash of a number, where there is one. */
  readonly trusted: (sequence: bigint) => Uint8Array | undefined;
  /** The record that is not the next one. */
  readonly found: Link;
  /** Those that stand after it, as far as they were read. */
  readonly then: readonly Link[];
}

/** How many records must be seen past the first bad one to tell what kind of damage it is. */
export const lookAhead = 3;

/** `link` may stand after `last`: it is whole, the next one, and no trusted head disagrees. */
export function fits(last: ChainHead, trusted: Break["trusted"], link: Link): boolean {
  return follows(last, link) && isIntact(link) && !isDenied(trusted, link);
}

/** Tells what happened at a break. */
export function damageOf(at: Break): Damage {
  const { last, found, then, trusted } = at;
  const due = last.sequence + 1n;
  const isDueLater = then.some((link) => fits(last, trusted, link));
  if (!isIntact(found)) return brokenRecord(at, due);
  if (found.cluster !== last.cluster) {
    return damage(at, "inserted", due, due, `a record of cluster ${found.cluster} stands there`);
  }
  if (found.sequence < due) return repeated(at);
  if (found.sequence > due) {
    if (!isDueLater) return missing(at, due);
    const why = `record ${found.sequence} stands before it`;
    return damage(at, "reordered", due, found.sequence, why);
  }
  if (isDueLater) {
    return damage(at, "forked", due, due, "two different records, both whole, have this number");
  }
  return follows(last, found) ? rewrittenSince(at, due) : rewrittenAround(at, due);
}

/** Records that a trusted head knows of are not there. */
export function truncatedEnd(last: ChainHead, known: ChainHead): Damage {
  const why = `the chain is known to reach record ${known.sequence}, and ends here`;
  return damage({ last }, "truncated-end", last.sequence + 1n, known.sequence, why);
}

/** Even the head that reading began from is not the one that is known. */
export function rewrittenStart(start: ChainHead): Damage {
  const why = "the head to go on from is not the one that is known";
  return damage({ last: start }, "rewritten", start.sequence, start.sequence, why);
}

function brokenRecord(at: Break, due: bigint): Damage {
  const { last, found, trusted } = at;
  const [next] = at.then;
  if (next !== undefined && fits(last, trusted, next)) {
    const why = "the hash of what stands there is not that of its content";
    return damage(at, "inserted", due, due, why);
  }
  // Its neighbour confirms the number it bears, so others are missing before it.
  const isNumberTrue = next !== undefined && isIntact(next) && next.sequence > due + 1n;
  if (isNumberTrue && next.sequence === found.sequence + 1n) return missing(at, due);
  return damage(at, "edited", due, due, "its hash is not that of its content");
}

function repeated(at: Break): Damage {
  const { found, recent } = at;
  const { sequence } = found;
  const known = recent.get(sequence);
  const place = `after record ${at.last.sequence}`;
  if (known === undefined) {
    const why = `its number stands again ${place}, too far on to compare the two`;
    return damage(at, "duplicated", sequence, sequence, why);
  }
  if (sameHash(known, found.hash)) {
    return damage(at, "duplicated", sequence, sequence, `it stands again ${place}`);
  }
  const why = `another record, as whole as it, has its number and stands ${place}`;
  return damage(at, "forked", sequence, sequence, why);
}

function missing(at: Break, due: bigint): Damage {
  const until = at.found.sequence - 1n;
  const kind = at.isStart ? "truncated-start" : "deleted";
  return damage(at, kind, due, until, `record ${at.found.sequence} is the next there is`);
}

/** All links hold, and still a trusted head has another hash: all were hashed anew from some on. */
function rewrittenSince(at: Break, due: bigint): Damage {
  const why = `record ${due} has another hash than the one that is known of it`;
  return damage(at, "rewritten", at.anchored + 1n, due, why);
}

/** Record `due` is whole, and names another than the one before it as its predecessor. */
function rewrittenAround(at: Break, due: bigint): Damage {
  const { last, anchored, recent, found, trusted } = at;
  for (const [sequence, hash] of recent) {
    if (sequence === last.sequence || !sameHash(hash, found.previous)) continue;
    const why = `it follows record ${sequence}, as record ${sequence + 1n} does`;
    return damage(at, "forked", due, due, why);
  }
  const [next] = at.then;
  const isConfirmed =
    trusted(due) === undefined
      ? next === undefined || follows(found, next)
      : !isDenied(trusted, found);
  if (isConfirmed && last.sequence > anchored) {
    const why = `record ${due} knows it by another hash`;
    return damage(at, "rewritten", last.sequence, last.sequence, why);
  }
  return damage(at, "rewritten", due, due, `it does not know record ${last.sequence} by its hash`);
}

function isDenied(trusted: Break["trusted"], { sequence, hash }: Link): boolean {
  const known = trusted(sequence);
  return known !== undefined && !sameHash(known, hash);
}

const verbs: Record<DamageKind, string> = {
  edited: "was edited",
  deleted: "was deleted",
  inserted: "does not stand where it should: something was inserted",
  reordered: "is not in its place",
  duplicated: "was duplicated",
  forked: "is forked",
  rewritten: "was rewritten",
  "truncated-start": "is missing from the beginning",
  "truncated-end": "is missing from the end",
};

function damage(
  { last: { cluster } }: Pick<Break, "last">,
  kind: DamageKind,
  first: bigint,
  last: bigint,
  why: string,
): Damage {
  const isSpan = first !== last;
  const isMany = isSpan && (kind === "deleted" || kind.startsWith("truncated"));
  const range = isSpan && kind === "rewritten" ? ` (or one up to ${last})` : "";
  const subject = isMany ? `Records ${first} to ${last}` : `Record ${first}${range}`;
  const verb = isMany ? verbs[kind].replace(/^is /, "are ").replace(/^was /, "were ") : verbs[kind];
  return {
    kind,
    cluster,
    first,
    last,
    message: `${subject} of cluster ${cluster} ${verb}: ${why}.`,
  };
}
