import { modeNumber } from "@holdfast/api/codec/vocabulary";
import {
  type ArchivedObject,
  ArchivedResponse,
  AtResponse,
  ContendedResponse,
  ExportResponse,
  GrantedBy,
  type Holding,
  SessionResponse,
  TailResponse,
  TimelineResponse,
  VerifyResponse,
  type Beyond as WireBeyond,
  type Quorum as WireQuorum,
  type Record as WireRecord,
  type UnreadObjects as WireUnreadObjects,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import type { HeldAt, Quorum } from "@holdfast/core/audit/held-at";
import { printBallot } from "@holdfast/core/quorum/ballot";
import type {
  ArchivedPage,
  AtAnswer,
  Beyond,
  ContendedAnswer,
  ExportAnswer,
  ExportedRecord,
  RecordsPage,
  TailBatch,
  UnreadObjects,
  VerifyProgress,
} from "@holdfast/engine/ports/audit-desk";
import type { ArchivedPart } from "@holdfast/engine/ports/ledger-records";
import { whole } from "./admin-messages.ts";
import { asBuffer } from "./unary-handler.ts";

// Answers of the AuditDesk as the wire has them.

/** Some records that arrived. */
export function tailMessage({ rows, missing, cursor }: TailBatch): Uint8Array {
  const records = rows.map((row) => recordOf(row));
  return TailResponse.encode({ records, missing: [...missing], cursor }).finish();
}

/** A page of a lock's events. */
export function timelineMessage(page: RecordsPage): Uint8Array {
  return TimelineResponse.encode(pageOf(page)).finish();
}

/** A page of a session's events. */
export function sessionMessage(page: RecordsPage): Uint8Array {
  return SessionResponse.encode(pageOf(page)).finish();
}

/** Who held a lock. */
export function atMessage(answer: AtAnswer): Uint8Array {
  const { holders, delegation, isComplete: complete, doubts, beyond } = answer;
  return AtResponse.encode({
    holdings: holders.map(holdingOf),
    delegation: delegation && { ...delegation, quorum: quorumOf(delegation.quorum) },
    complete,
    doubts: [...doubts],
    beyond: beyondOf(beyond),
  }).finish();
}

/** The locks that were waited for most. */
export function contendedMessage({ locks, beyond }: ContendedAnswer): Uint8Array {
  return ContendedResponse.encode({
    locks: locks.map(({ lock, waiters }) => ({ lock, waiters: whole(waiters) })),
    beyond: beyondOf(beyond),
  }).finish();
}

/** How far a verification is. */
export function verifyMessage({ cluster, records, verdict }: VerifyProgress): Uint8Array {
  return VerifyResponse.encode({
    cluster,
    records: whole(records),
    verdict: verdict && {
      head: { ...verdict.head, hash: asBuffer(verdict.head.hash) },
      records: whole(verdict.records),
      anchored: verdict.anchored,
      damage: verdict.damage,
      unknown: whole(verdict.unknown),
      archived: [...verdict.archived],
      forgotten: verdict.forgotten ?? 0n,
      objects: whole(verdict.objects),
      unread: verdict.unread.map(unreadOf),
      written: verdict.written ?? 0n,
    },
    done: false,
  }).finish();
}

/** The verification is done. */
export function verifiedMessage(): Uint8Array {
  return VerifyResponse.encode({
    cluster: "",
    records: 0n,
    verdict: undefined,
    done: true,
  }).finish();
}

/** Some records of an export. */
export function exportMessage(exported: readonly ExportedRecord[]): Uint8Array {
  const records = exported.map((record) => recordOf(record));
  return ExportResponse.encode({ records, done: false, beyond: undefined, unread: [] }).finish();
}

/** The end of an export. */
export function exportedMessage({ beyond, unread }: ExportAnswer): Uint8Array {
  return ExportResponse.encode({
    records: [],
    done: true,
    beyond: beyondOf(beyond),
    unread: unread.map(unreadOf),
  }).finish();
}

/** A page of archived objects. */
export function archivedMessage({ objects, nextPageToken, hotFromMs }: ArchivedPage): Uint8Array {
  return ArchivedResponse.encode({
    objects: objects.map(objectOf),
    nextPageToken,
    hotFromMs: whole(hotFromMs ?? 0),
  }).finish();
}

function pageOf({ records, nextPageToken, beyond }: RecordsPage) {
  return {
    records: records.map(({ row, shownBy }) => recordOf(row, shownBy)),
    nextPageToken,
    beyond: beyondOf(beyond),
  };
}

function unreadOf(unread: UnreadObjects): WireUnreadObjects {
  return { ...unread, objects: whole(unread.objects) };
}

function recordOf(record: ExportedRecord, shownBy: readonly string[] = []): WireRecord {
  const { cluster, sequence, previousHash, hash, line } = record;
  return {
    cluster,
    sequence,
    previousHash: asBuffer(previousHash),
    hash: asBuffer(hash),
    line: asBuffer(line),
    shownBy: [...shownBy],
  };
}

function holdingOf({ event, sinceMs, by }: HeldAt): Holding {
  const { grantId, token, mode, owner, session = "", ttlMs, region } = event;
  const { cluster, revision, index } = event;
  return {
    ...{ grantId, token, mode: modeNumber(mode), owner, session },
    ttlMs: whole(ttlMs),
    sinceMs: sinceMs === undefined ? undefined : whole(sinceMs),
    grantedBy: grantedBy[by.kind],
    quorum: "quorum" in by && by.quorum !== undefined ? quorumOf(by.quorum) : undefined,
    region: by.kind === "quorum" ? "" : region,
    event: { cluster, revision, index },
  };
}

const grantedBy: Record<HeldAt["by"]["kind"], GrantedBy> = {
  shard: GrantedBy.GRANTED_BY_SHARD,
  quorum: GrantedBy.GRANTED_BY_QUORUM,
  delegation: GrantedBy.GRANTED_BY_DELEGATION,
};

function quorumOf({ ballot, version, regions }: Quorum): WireQuorum {
  return { ballot: printBallot(ballot), version: whole(version), regions: [...regions] };
}

function beyondOf({ hotFromMs, objects, more, beginsAtMs, lost = [] }: Beyond): WireBeyond {
  return {
    hotFromMs: whole(hotFromMs ?? 0),
    objects: objects.map(objectOf),
    more,
    beginsAtMs: whole(beginsAtMs ?? 0),
    lost: lost.map((each) => {
      return { ...each, fromMs: whole(each.fromMs ?? 0), toMs: whole(each.toMs) };
    }),
  };
}

function objectOf(part: ArchivedPart): ArchivedObject {
  const { day, cluster, part: number, bucket, key, firstSequence, lastSequence } = part;
  return {
    ...{ day, cluster, part: number, bucket, key, firstSequence, lastSequence },
    bytes: whole(part.bytes),
    sha256: asBuffer(part.sha256),
    rows: whole(part.rows),
    lastHash: asBuffer(part.lastHash),
    archivedAtMs: whole(part.archivedAtMs),
  };
}
