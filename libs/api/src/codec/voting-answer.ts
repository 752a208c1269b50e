import { failure } from "@holdfast/base/failure";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { ballotBytes, decodeBallot } from "@holdfast/core/quorum/ballot";
import type { Accepted, Attached } from "@holdfast/core/quorum/message";
import { endOfMessage, type WireReader } from "../wire/wire-reader.ts";
import { readFailure } from "./outcome-decode.ts";
import { readAccepted } from "./register-rules.ts";
import type { VotingAnswer } from "./voting-message.ts";

/**
 * Reads an `Answer`. One that is unknown, or breaks a rule, is a failure: a vote that cannot be
 * read is no vote.
 */
export function readVotingAnswer(reader: WireReader): { id: number; answer: VotingAnswer } {
  let id = 0;
  let answer: VotingAnswer = damaged("is none that this coordinator knows");
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) id = reader.varint();
    else if (tag >= 0x12 && tag <= 0x42 && (tag & 7) === 2) {
      const inner = reader.enter();
      answer = readAnswer(reader, tag >> 3);
      reader.leave(inner);
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return { id, answer };
}

function readAnswer(reader: WireReader, field: number): VotingAnswer {
  switch (field) {
    case 2:
      return readShowing(reader, "promised");
    case 3:
      return readShowing(reader, "shown");
    case 4:
      return readAcceptDone(reader);
    case 5:
      return readRefused(reader);
    case 6:
      return { kind: "other-generation", generation: readLast(reader) };
    case 7:
      return readLease(reader);
    default:
      return readFailure(reader);
  }
}

function readShowing(reader: WireReader, kind: "promised" | "shown"): VotingAnswer {
  const live: Attached[] = [];
  let accepted: Accepted | undefined;
  let isDamaged = false;
  let halfTrusted = false;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) {
      accepted = readAccepted(reader.view());
      isDamaged = accepted === undefined;
    } else if (tag === 0x12) live.push(readAttached(reader));
    else if (tag === 0x18) halfTrusted = reader.varint() !== 0;
    else reader.skip(tag);
  }
  if (isDamaged) return damaged("holds a register of another version, cut short or damaged");
  return { kind, ...(accepted && { accepted }), live, halfTrusted };
}

function readAcceptDone(reader: WireReader): VotingAnswer {
  const attached: Attached[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) attached.push(readAttached(reader));
    else reader.skip(tag);
  }
  return { kind: "accepted", attached };
}

function readAttached(reader: WireReader): Attached {
  let grantId = "";
  let lease = 0n;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) grantId = reader.text("grant_id");
    else if (tag === 0x11) lease = reader.fixed64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { grantId: grantId as GrantId, lease: lease as LeaseId };
}

function readRefused(reader: WireReader): VotingAnswer {
  let bytes: Uint8Array | undefined;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) bytes = reader.view();
    else reader.skip(tag);
  }
  const promised = bytes?.length === ballotBytes ? decodeBallot(bytes) : undefined;
  return promised === undefined ? damaged("names no ballot") : { kind: "refused", promised };
}

function readLease(reader: WireReader): VotingAnswer {
  let shard = "";
  let lease = 0n;
  let validForMs = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) shard = reader.commonText("shard");
    else if (tag === 0x11) lease = reader.fixed64();
    else if (tag === 0x18) validForMs = reader.varint();
    else reader.skip(tag);
  }
  if (shard === "" || lease === 0n) return damaged("names no lease");
  return { kind: "lease", shard, lease: lease as LeaseId, validForMs };
}

function readLast(reader: WireReader): number {
  let last = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) last = reader.varint();
    else reader.skip(tag);
  }
  return last;
}

function damaged(what: string): VotingAnswer {
  return failure("SHARD_UNAVAILABLE", `The answer of the other coordinator ${what}.`);
}
