import { createHash } from "node:crypto";
import { utf8 } from "@holdfast/base/bytes";
import type { Ledger, LedgerRow, NotDone, PageReply } from "@holdfast/engine/ports/ledger";
import type { ArchivedPart } from "@holdfast/engine/ports/ledger-records";
import { utcDay } from "@holdfast/engine/utc-day";

/** The lock of a row that says nothing else. */
export const lock = { region: "us-east-1", namespace: "orders", name: "o/1" };
/** Noon of a day in the tests' present. */
export const noonMs = Date.UTC(2026, 10, 22, 12);
/** One day. */
export const dayMs = 86_400_000;

/** A row; its hash is that of all it is made of, so that two rows that differ have two hashes. */
export function rowOf(parts: Partial<LedgerRow> = {}): LedgerRow {
  const revision = parts.revision ?? 1n;
  const atMs = parts.atMs ?? noonMs;
  const row = {
    cluster: "c1",
    revision,
    index: 0,
    day: utcDay(atMs),
    atMs,
    region: "us-east-1",
    shard: "s0",
    sequence: revision,
    previousHash: digest(`before ${revision}`),
    kind: "LockAcquired",
    lock,
    grantId: `g${revision}`,
    token: revision,
    session: "session-1",
    line: utf8(`line ${revision}`),
    ...parts,
  };
  return { ...row, hash: parts.hash ?? digest(printed(row)) };
}

/** `count` rows of one cluster with the revisions from `first` on, a millisecond apart. */
export function rowsFrom(first: number, count: number, parts: Partial<LedgerRow> = {}) {
  const startMs = parts.atMs ?? noonMs;
  return Array.from({ length: count }, (_, place) =>
    rowOf({ revision: BigInt(first + place), ...parts, atMs: startMs + place }),
  );
}

/** The record of an archived object. */
export function partOf(day: string, part: number, cluster = "c1"): ArchivedPart {
  return {
    ...{ day, cluster, part, bucket: "audit", key: `${day}/${cluster}/${part}.gz` },
    ...{ bytes: 2 ** 40, sha256: digest("object"), rows: 3 },
    ...{ firstSequence: 1n, firstHash: digest("first") },
    ...{ lastSequence: 2n ** 62n, lastHash: digest("last"), archivedAtMs: noonMs },
  };
}

export function digest(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text).digest());
}

/** Appends what is expected to be new. */
export async function appended(ledger: Ledger, rows: readonly LedgerRow[]): Promise<void> {
  const reply = await ledger.append(rows);
  if (reply.kind !== "appended") throw new Error(`${reply.kind}: ${reply.message}`);
  if (reply.added !== rows.length) throw new Error(`${reply.added} of ${rows.length} added`);
}

/** More pages than any test has: past it a page leads back to itself. */
const pagesMax = 500;

/** All pages of a question. */
export async function allRows(
  ask: (after: { after?: string }) => Promise<PageReply>,
): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  let after: { after?: string } = {};
  for (let pages = 0; pages < pagesMax; pages++) {
    const page = answered(await ask(after), "page");
    rows.push(...page.rows);
    if (page.next === undefined) return rows;
    after = { after: page.next };
  }
  throw new Error(`more than ${pagesMax} pages`);
}

/** The answer, which is expected to be of this kind. */
export function answered<Reply extends { readonly kind: string }, Kind extends Reply["kind"]>(
  reply: Reply | NotDone,
  kind: Kind,
): Extract<Reply, { readonly kind: Kind }> {
  if (reply.kind !== kind) throw new Error(`not ${kind}: ${printed(reply)}`);
  return reply as Extract<Reply, { readonly kind: Kind }>;
}

function printed(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
}
