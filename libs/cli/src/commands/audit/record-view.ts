import type { Record as AuditRecord } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { utf8Text } from "@holdfast/base/bytes";
import { isoMoment, printMoment } from "../../input/moment.ts";
import { shortGrant } from "../../output/short-grant.ts";
import type { Column } from "../../output/table.ts";

/** An event as its line has it: everything is text or a number, tokens are text. */
interface EventLine {
  readonly kind?: string;
  readonly atMs?: number;
  readonly region?: string;
  readonly shard?: string;
  readonly lock?: string;
  readonly grantId?: string;
  readonly token?: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly session?: string;
  readonly cause?: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly ballot?: string;
  readonly missingFrom?: string;
  readonly missingTo?: string;
}

/** What the record's line says; empty where it cannot be read, which `audit verify` tells of. */
export function lineOf({ line }: Pick<AuditRecord, "line">): EventLine {
  try {
    const parsed: unknown = JSON.parse(utf8Text(line));
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** A record in JSON: all that its line says, and its place in the chain. */
export function jsonRecord(record: AuditRecord): Record<string, unknown> {
  const { v: _version, ...event } = lineOf(record) as EventLine & { readonly v?: number };
  const { cluster, sequence, shownBy } = record;
  const time = isoMoment(typeof event.atMs === "number" ? event.atMs : 0);
  const quorum = event.ballot === undefined ? {} : { shownBy };
  return { time, ...event, ...quorum, cluster, sequence };
}

/** The columns of a table of records. */
export const recordColumns: readonly Column[] = [
  { title: "TIME (UTC)" },
  { title: "EVENT" },
  { title: "TOKEN", align: "right" },
  { title: "MODE" },
  { title: "OWNER", flexible: true },
  { title: "GRANT" },
  { title: "HOW", flexible: true },
  { title: "SEEN IN", flexible: true },
];

/** The cells of a record. */
export function recordCells(record: AuditRecord): string[] {
  const line = lineOf(record);
  return [
    printMoment(Number(line.atMs ?? 0)),
    line.kind ?? "(unreadable)",
    line.token ?? "",
    line.mode ?? "",
    line.owner ?? "",
    line.grantId === undefined ? "" : shortGrant(line.grantId),
    howOf(line),
    seenIn(record, line),
  ];
}

/** How it came to be, in a few words. */
export function howOf(line: EventLine): string {
  const { cause, actor, reason, missingFrom, missingTo } = line;
  if (missingFrom !== undefined) return `revisions ${missingFrom} to ${missingTo}`;
  if (actor !== undefined) return `by ${actor}: ${reason ?? ""}`;
  return cause ?? "";
}

/**
 * Where it is known from: a shard, or the regions that showed the ballot. One alone proves nothing.
 */
export function seenIn({ shownBy }: AuditRecord, { region, shard, ballot }: EventLine): string {
  if (ballot === undefined) return `${region ?? "?"}/${shard ?? "?"}`;
  return shownBy.length > 1 ? shownBy.join("+") : `${region} alone`;
}

/**
 * Each region's copy of a register tells the same; for people once is enough. Votes that changed
 * nothing are left out as well.
 */
export class CopiesOnce {
  readonly #told = new Set<string>();

  isNew(record: AuditRecord): boolean {
    const { ballot, kind, grantId, token } = lineOf(record);
    if (ballot === undefined) return true;
    if (kind === "GlobalAccepted") return false;
    const key = [ballot, kind, grantId, token].join(" ");
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }
}
