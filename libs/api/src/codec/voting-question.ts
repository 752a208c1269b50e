import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import { ballotBytes, compareBallots, decodeBallot } from "@holdfast/core/quorum/ballot";
import type { Accepted } from "@holdfast/core/quorum/message";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import { endOfMessage, type WireReader } from "../wire/wire-reader.ts";
import { isSession, readAccepted } from "./register-rules.ts";
import type { VotingQuestion } from "./voting-message.ts";

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
/** Grants named in one accept; more than a register ever has. */
const grantsMax = 1_000;

/** The field holds a question this version knows. */
export function isQuestionTag(tag: number): boolean {
  return tag >= 0x2a && tag <= 0x4a && (tag & 7) === 2;
}

/** Reads the question in the field of `tag`; a failure where it breaks a rule. */
export function readVotingQuestion(reader: WireReader, tag: number): VotingQuestion | Failure {
  const outer = reader.enter();
  const fields = readFields(reader);
  reader.leave(outer);
  switch (tag >> 3) {
    case 5:
      return readMeet(fields);
    case 6:
      return readPrepare(fields);
    case 7:
      return readAccept(fields);
    case 8:
      return { kind: "read", generation: fields.first };
    default:
      return readKeepAlive(fields);
  }
}

/** What any question has, by the number and the layout of the field. */
interface Fields {
  /** Field 1, where it is a string or bytes. */
  readonly content: Uint8Array;
  /** Field 1, where it is a number. */
  readonly first: number;
  /** Field 2, where it is a number. */
  readonly second: number;
  /** Field 2, where it is bytes. */
  readonly next: Uint8Array;
  readonly attach: readonly string[];
  readonly forget: readonly string[];
  /** Field 5. */
  readonly fifth: number;
}

const noBytes = new Uint8Array(0);

function readFields(reader: WireReader): Fields {
  const attach: string[] = [];
  const forget: string[] = [];
  let content: Uint8Array = noBytes;
  let next: Uint8Array = noBytes;
  let first = 0;
  let second = 0;
  let fifth = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) content = reader.view();
    else if (tag === 0x08) first = reader.varint();
    else if (tag === 0x10) second = reader.varint();
    else if (tag === 0x12) next = reader.view();
    else if (tag === 0x1a) attach.push(reader.text("attach"));
    else if (tag === 0x22) forget.push(reader.text("forget"));
    else if (tag === 0x28) fifth = reader.varint();
    else reader.skip(tag);
  }
  return { content, first, second, next, attach, forget, fifth };
}

function readMeet({ content, second: ttlMs }: Fields): VotingQuestion | Failure {
  const session = sessionIn(content);
  if (session === undefined) return refuse("session", "is no session id");
  const { min, max } = limits.globalTtlMs;
  if (ttlMs < min || ttlMs > max) return refuse("ttl_ms", `is ${min} to ${max}, not ${ttlMs}`);
  return { kind: "meet", session, ttlMs };
}

function readKeepAlive({ content }: Fields): VotingQuestion | Failure {
  const session = sessionIn(content);
  return session === undefined
    ? refuse("session", "is no session id")
    : { kind: "keep-alive", session };
}

function readPrepare({ content, second: generation }: Fields): VotingQuestion | Failure {
  const ballot = content.length === ballotBytes ? decodeBallot(content) : undefined;
  return ballot === undefined
    ? refuse("ballot", "is not the 16 bytes of a ballot")
    : { kind: "prepare", ballot, generation };
}

function readAccept(fields: Fields): VotingQuestion | Failure {
  const accepted = readAccepted(fields.content);
  if (accepted === undefined) {
    return refuse("accepted", "is of another version, cut short or damaged");
  }
  const next = fields.next.length === ballotBytes ? decodeBallot(fields.next) : undefined;
  if (next === undefined || compareBallots(accepted.ballot, next) >= 0) {
    return refuse("next", "is no ballot above the accepted one");
  }
  const attach = holdersIn(accepted, fields.attach);
  if (attach === undefined) return refuse("attach", "names a grant that does not hold the lock");
  const { forget } = fields;
  if (forget.length > grantsMax || !forget.every((id) => idPattern.test(id))) {
    return refuse("forget", "names something that is no grant");
  }
  const { ballot, value } = accepted;
  const generation = fields.fifth;
  return { kind: "accept", ballot, value, next, attach, forget: forget as GrantId[], generation };
}

/** The holders with these grant ids, each once; undefined where one of them holds nothing. */
function holdersIn({ value }: Accepted, grantIds: readonly string[]): GlobalHolder[] | undefined {
  const found: GlobalHolder[] = [];
  for (const grantId of grantIds) {
    const holder = value.holders.find((each) => each.grantId === grantId);
    if (holder === undefined || found.includes(holder)) return undefined;
    found.push(holder);
  }
  return found;
}

function sessionIn(bytes: Uint8Array): SessionId | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return isSession(text) ? text : undefined;
}

function refuse(field: string, problem: string): Failure {
  return failure("INVALID_ARGUMENT", `${field} ${problem}.`, { field });
}
