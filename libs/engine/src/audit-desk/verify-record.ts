import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { ChainHead, Link } from "@holdfast/core/audit/chain";
import type { DamageKind } from "@holdfast/core/audit/chain-damage";
import type { Verdict, VerifyProgress, VerifyQuery } from "../ports/audit-desk.ts";
import type { Ledger, LedgerDay } from "../ports/ledger.ts";
import { ArchivedRuns } from "./archived-runs.ts";
import { archivedChains, archivedParts, countedChains, greatest } from "./chain-list.ts";
import { ChainReading } from "./chain-reading.ts";
import { openDays } from "./hot-window.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { ObjectLooks } from "./object-looks.ts";
import type { ObjectReader } from "./object-reader.ts";
import { ObjectVerification } from "./object-verification.ts";
import { parkedLinks } from "./parked-links.ts";

/** What a verification needs. */
export interface VerifyTools {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** See LedgerDeskOptions; asked as the chain is read, for it is forgotten meanwhile as well. */
  readonly forgottenOf: (cluster: string) => bigint;
  /** So long a record that is missing is waited for. */
  readonly arrivalMs: number;
  /** Absent: the archive cannot be read. */
  readonly objects: ObjectReader | undefined;
}

type OnProgress = (progress: VerifyProgress) => Promise<void>;

/** Damage that may be a record that has not arrived yet. */
const mayArrive: ReadonlySet<DamageKind> = new Set<DamageKind>([
  "deleted",
  "truncated-start",
  "truncated-end",
]);
/** Rows that are read at once: whoever else runs in this process waits while they are checked. */
const readRows = 250;
/** How often a record that is missing is looked for. */
const lookMs = 500;

/** Reads the chains, one after the other: see AuditDesk.verify. */
export async function verifyRecord(
  tools: VerifyTools,
  query: VerifyQuery,
  onProgress: OnProgress,
  cancellation: Cancellation,
): Promise<Failure | undefined> {
  const counted = await countedChains(tools.ledger);
  if (isFailure(counted)) return counted;
  const archived = await archivedChains(tools.ledger);
  if (isFailure(archived)) return archived;
  const named = [...query.trusted, ...(query.written ?? [])].map(({ cluster }) => cluster);
  const all = new Set([...counted.chains.keys(), ...archived.names, ...named]);
  const clusters = query.cluster === undefined ? all : new Set([query.cluster]);
  const patience: Patience = {};
  let before = 0;
  for (const cluster of clusters) {
    const counts = counted.chains.get(cluster)?.lastSequence ?? 0n;
    const told: OnProgress = (progress) =>
      onProgress({ ...progress, records: before + progress.records });
    const found = await verifyChain(
      tools,
      query,
      { cluster, counts, patience },
      told,
      cancellation,
    );
    if (found === undefined) return undefined;
    if (found === "unknown") return noSuchChain(cluster, all);
    if (isFailure(found)) return found;
    before += found.verdict.records;
    await onProgress({ cluster, records: before, verdict: found.verdict });
  }
  return undefined;
}

function noSuchChain(cluster: string, all: ReadonlySet<string>): Failure {
  const known = all.size === 0 ? "it is empty" : `it has ${[...all].join(", ")}`;
  const message = `The record has no chain ${JSON.stringify(cluster)}: ${known}.`;
  return failure("INVALID_ARGUMENT", message, { field: "cluster" });
}

interface Beginning {
  readonly kind: "beginning";
  /** The days that the hot store has. */
  readonly days: string;
  readonly trusted: readonly ChainHead[];
  readonly runs: ArchivedRuns;
}

/** `given`: heads of the chain from elsewhere than the ledger. */
async function beginChain(
  { ledger }: VerifyTools,
  given: readonly ChainHead[],
  cluster: string,
): Promise<Beginning | Failure> {
  const open = await openDays(ledger);
  if (isFailure(open)) return open;
  const found = await archivedParts(ledger, cluster);
  if (isFailure(found)) return found;
  const runs = new ArchivedRuns(found.parts, open.days);
  // Of two heads with one number the last one counts: that of whoever asks, before all others.
  const trusted = [...runs.heads, ...given].filter(
    (head) => head.cluster === cluster && head.sequence > 0n,
  );
  return { kind: "beginning", days: daysOf(open.days), trusted, runs };
}

function daysOf(days: readonly LedgerDay[]): string {
  return days.map(({ day, wasDropped }) => `${day} ${wasDropped}`).join();
}

interface Asked {
  readonly cluster: string;
  /** The highest number that the ledger counted. */
  readonly counts: bigint;
  readonly patience: Patience;
}

/**
 * Until when records that journals wrote are waited for: once for all chains, not for each anew.
 */
interface Patience {
  untilMs?: number;
}

/** How often a chain is read again, because days of it went to the archive meanwhile. */
const againMax = 10;

/**
 * A record may arrive after those behind it: they came on other ways. So where some are missing the
 * chain is read again when the first of them is there. So it is where a day was dropped while it
 * was read, and where the auditor parked what it could not make a row of: both look the same.
 */
async function verifyChain(
  tools: VerifyTools,
  query: VerifyQuery,
  asked: Asked,
  onProgress: OnProgress,
  cancellation: Cancellation,
): Promise<Verified | Failure | "unknown" | undefined> {
  const { clock, arrivalMs } = tools;
  const { cluster } = asked;
  const written = await writtenEnd(tools, query, asked, cancellation);
  if (isFailure(written)) return written;
  const given = written.kind === "reached" ? [written.head, ...query.trusted] : query.trusted;
  const isBehind = written.kind === "behind" ? { written: written.sequence } : {};
  const objects = new ObjectVerification(new ObjectLooks(tools.objects, query.hotOnly === true));
  let inObjects = 0;
  const onObject = (records: number) => {
    inObjects = records;
    return onProgress({ cluster, records });
  };
  const onRows: OnProgress = ({ records }) => onProgress({ cluster, records: inObjects + records });
  let untilMs: number | undefined;
  let parked: ReadonlyMap<bigint, Link> | undefined;
  for (let again = 0; ; again++) {
    const begun = await beginChain(tools, given, cluster);
    if (isFailure(begun)) return begun;
    const { trusted, runs } = begun;
    if (asked.counts === 0n && trusted.length === 0 && written.kind === "none") return "unknown";
    await objects.read(runs, onObject, cancellation);
    if (cancellation.cancelled) return undefined;
    const elsewhere = {
      runs,
      parked: parked ?? new Map(),
      forgotten: () => tools.forgottenOf(cluster),
    };
    const reading = new ChainReading(cluster, trusted, elsewhere);
    const end = trusted.reduce((last, { sequence }) => greatest(last, sequence), asked.counts);
    const failed = await readChain(tools.ledger, reading, { cluster, end }, onRows, cancellation);
    if (failed !== undefined) return failed;
    if (cancellation.cancelled) return undefined;
    const ofRows = reading.finish(asked.counts);
    const { damage } = ofRows;
    const verdict = { ...objects.join(ofRows, runs, trusted), ...isBehind };
    const done = { kind: "verified", verdict } as const;
    if (damage === undefined || !mayArrive.has(damage.kind) || again === againMax) return done;
    const open = await openDays(tools.ledger);
    if (isFailure(open)) return open;
    if (daysOf(open.days) !== begun.days) continue;
    if (parked === undefined) {
      const found = await parkedLinks(tools.ledger, cluster);
      if (isFailure(found)) return found;
      parked = found.links;
      if (parked.has(damage.first)) continue;
    }
    untilMs ??= clock.monotonicMs() + arrivalMs;
    const arrived = await arrives(tools, cluster, damage.first, untilMs, cancellation);
    if (isFailure(arrived)) return arrived;
    if (cancellation.cancelled) return undefined;
    if (arrived.kind === "missing") return done;
  }
}

interface Verified {
  readonly kind: "verified";
  readonly verdict: Verdict;
}

/** Feeds the rows up to the highest that anybody knew of: those behind it may come in any order. */
async function readChain(
  ledger: Ledger,
  reading: ChainReading,
  { cluster, end }: { readonly cluster: string; readonly end: bigint },
  onProgress: OnProgress,
  cancellation: Cancellation,
): Promise<Failure | undefined> {
  let after: string | undefined;
  do {
    const page = await ledger.chain({ cluster, limit: readRows, ...(after && { after }) });
    if (page.kind !== "page") return ledgerFailure(page);
    for (const row of page.rows) if (row.sequence <= end) reading.add(row);
    await onProgress({ cluster, records: reading.records });
    const last = page.rows.at(-1);
    after = last !== undefined && last.sequence <= end ? page.next : undefined;
  } while (after !== undefined && !reading.isDamaged && !cancellation.cancelled);
  return undefined;
}

/** Waits for a record until then. */
async function arrives(
  { ledger, clock }: VerifyTools,
  cluster: string,
  sequence: bigint,
  untilMs: number,
  cancellation: Cancellation,
): Promise<{ readonly kind: "arrived" | "missing" } | Failure> {
  for (;;) {
    const page = await ledger.chain({ cluster, fromSequence: sequence, limit: 1 });
    if (page.kind !== "page") return ledgerFailure(page);
    if (page.rows[0]?.sequence === sequence) return { kind: "arrived" };
    if (clock.monotonicMs() >= untilMs || cancellation.cancelled) return { kind: "missing" };
    await sleep(clock, lookMs, cancellation);
  }
}

/** How far the journal wrote a chain: as far as the ledger came, or farther. */
type WrittenEnd =
  | { readonly kind: "none" }
  | { readonly kind: "reached"; readonly head: ChainHead }
  | { readonly kind: "behind"; readonly sequence: bigint };

/** Waits a little for the last record that the journal wrote: it may be on its way. */
async function writtenEnd(
  tools: VerifyTools,
  query: VerifyQuery,
  { cluster, counts, patience }: Asked,
  cancellation: Cancellation,
): Promise<WrittenEnd | Failure> {
  const [head] = (query.written ?? [])
    .filter((each) => each.cluster === cluster && each.sequence > 0n)
    .sort((left, right) => (left.sequence > right.sequence ? -1 : 1));
  if (head === undefined) return { kind: "none" };
  const { sequence } = head;
  const reached = { kind: "reached", head } as const;
  // If it is not there after all, that is damage, and found as such.
  if (sequence <= counts) return reached;
  const archived = await archivedParts(tools.ledger, cluster);
  if (isFailure(archived)) return archived;
  if (archived.parts.some(({ lastSequence }) => lastSequence >= sequence)) return reached;
  patience.untilMs ??= tools.clock.monotonicMs() + tools.arrivalMs;
  const found = await arrives(tools, cluster, sequence, patience.untilMs, cancellation);
  if (isFailure(found)) return found;
  if (found.kind === "arrived") return reached;
  const parked = await parkedLinks(tools.ledger, cluster);
  if (isFailure(parked)) return parked;
  return parked.links.has(sequence) ? reached : { kind: "behind", sequence };
}
