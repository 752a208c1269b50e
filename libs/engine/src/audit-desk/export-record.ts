import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { ExportAnswer, ExportedRecord, ExportQuery } from "../ports/audit-desk.ts";
import { type Ledger, pageRowsMax } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { utcDay } from "../utc-day.ts";
import { countedChains } from "./chain-list.ts";
import { goneParts } from "./gone-parts.ts";
import { beyondOf, objectsMax } from "./hot-window.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { ObjectLooks } from "./object-looks.ts";
import type { ObjectReader } from "./object-reader.ts";
import { recordsOf } from "./object-records.ts";
import { UnreadTally } from "./unread-tally.ts";

/** What an export needs. */
export interface ExportTools {
  readonly ledger: Ledger;
  /** Absent: the archive cannot be read. */
  readonly objects: ObjectReader | undefined;
}

type OnRecords = (records: readonly ExportedRecord[]) => Promise<void>;

/** One chain's records of one day. */
interface DayAsked {
  readonly cluster: string;
  readonly day: string;
}

/** All records of a window: see AuditDesk.export. */
export class RecordExport {
  readonly #ledger: Ledger;
  readonly #objects: ObjectReader | undefined;
  readonly #looks: ObjectLooks;
  readonly #query: ExportQuery;
  readonly #onRecords: OnRecords;
  readonly #cancellation: Cancellation;
  readonly #unread = new UnreadTally();
  readonly #unreadParts: ArchivedPart[] = [];

  constructor(
    tools: ExportTools,
    query: ExportQuery,
    onRecords: OnRecords,
    cancellation: Cancellation,
  ) {
    this.#ledger = tools.ledger;
    this.#objects = tools.objects;
    this.#looks = new ObjectLooks(tools.objects, query.hotOnly === true);
    this.#query = query;
    this.#onRecords = onRecords;
    this.#cancellation = cancellation;
  }

  async run(): Promise<ExportAnswer | Failure> {
    const ledger = this.#ledger;
    const query = this.#query;
    const counted = await countedChains(ledger);
    if (isFailure(counted)) return counted;
    const gone = await goneParts(ledger, query, counted.days);
    if (isFailure(gone)) return gone;
    const clusters = new Set([...counted.chains.keys(), ...gone.byChain.keys()]);
    const [fromDay, toDay] = [utcDay(query.fromMs), utcDay(query.toMs)];
    for (const cluster of [...clusters].sort()) {
      if (query.cluster !== undefined && query.cluster !== cluster) continue;
      const inObjects = gone.byChain.get(cluster) ?? new Map<string, ArchivedPart[]>();
      const hot = counted.chains.get(cluster)?.days ?? [];
      for (const day of [...new Set([...hot, ...inObjects.keys()])].sort()) {
        if (day < fromDay || day > toDay) continue;
        const failed = await this.#day({ cluster, day }, inObjects.get(day) ?? []);
        if (failed !== undefined) return failed;
      }
    }
    if (this.#cancellation.cancelled) return nobodyWaits();
    const beyond = await beyondOf(
      ledger,
      query,
      ({ cluster }) => query.cluster === undefined || query.cluster === cluster,
    );
    if (isFailure(beyond)) return beyond;
    const objects = this.#unreadParts.slice(0, objectsMax);
    const more = this.#unreadParts.length > objectsMax;
    return {
      kind: "exported",
      beyond: { ...beyond, objects, more },
      unread: this.#unread.groups,
    };
  }

  /** Objects in their order, and between them the rows that came late and are in none of them. */
  async #day(asked: DayAsked, parts: readonly ArchivedPart[]): Promise<Failure | undefined> {
    let due = 0n;
    for (const part of parts) {
      if (this.#cancellation.cancelled) return undefined;
      const before = await this.#rows(asked, due, part.firstSequence - 1n);
      if (before !== undefined) return before;
      if (await this.#object(part)) due = part.lastSequence + 1n;
      else due = part.firstSequence;
    }
    return this.#rows(asked, due);
  }

  async #rows(asked: DayAsked, from: bigint, until?: bigint): Promise<Failure | undefined> {
    if (until !== undefined && until < from) return undefined;
    const { fromMs, toMs } = this.#query;
    let after: string | undefined;
    do {
      const paging = { fromSequence: from, limit: pageRowsMax, ...(after && { after }) };
      const page = await this.#ledger.chain({ ...asked, ...paging });
      if (page.kind !== "page") return ledgerFailure(page);
      const due = page.rows.filter(({ sequence }) => until === undefined || sequence <= until);
      const rows = due.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
      if (rows.length > 0) await this.#onRecords(rows);
      after = due.length < page.rows.length ? undefined : page.next;
    } while (after !== undefined && !this.#cancellation.cancelled);
    return undefined;
  }

  /** False: it was not read, and is told of at the end. */
  async #object(part: ArchivedPart): Promise<boolean> {
    const look = await this.#looks.look(part);
    if (look.kind !== "whole") {
      this.#unread.add(part, look.kind === "unread" ? look.why : "damaged", look.message);
      this.#unreadParts.push(part);
      return false;
    }
    let isFirst = true;
    for (const records of recordsOf(look.manifest, look.lines, this.#query)) {
      if (this.#cancellation.cancelled) break;
      if (!isFirst) await this.#objects?.pause();
      isFirst = false;
      await this.#onRecords(records);
    }
    return true;
  }
}

function nobodyWaits(): Failure {
  return failure("SHARD_UNAVAILABLE", "Nobody waits for more.");
}
