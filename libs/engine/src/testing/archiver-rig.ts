import { ManualClock } from "@holdfast/base/manual-clock";
import {
  Archiver,
  type ArchiverParts,
  type ArchiverSettings,
  defaultArchiverSettings,
} from "../archiver/archiver.ts";
import type { ArchiverNews } from "../archiver/archiver-news.ts";
import { MemoryArchive } from "../memory/memory-archive.ts";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import { MemoryMeter } from "../memory/memory-meter.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { ChainedRows } from "./chained-rows.ts";

const dayMs = 86_400_000;

/** A ledger, an archive with a bucket, and time, all in memory. */
export class ArchiverRig {
  /** Midnight. */
  readonly startMs = Date.UTC(2026, 10, 22);
  readonly clock = new ManualClock({ wallMs: this.startMs });
  readonly ledger = new MemoryLedger();
  readonly archive = new MemoryArchive(this.clock);
  readonly meter = new MemoryMeter();
  readonly news: ArchiverNews[] = [];
  readonly cluster = new ChainedRows("test/us-east-1/s0");

  async start(): Promise<this> {
    await this.archive.ensureBucket({
      lifecycle: { glacierDays: 90, deepArchiveDays: 365 },
    });
    return this;
  }

  /** Another archiver over the same ledger and archive, or over what stands before them. */
  archiver(
    parts: Partial<Pick<ArchiverParts, "ledger" | "archive" | "onNews">> = {},
    settings: Partial<ArchiverSettings> = {},
  ): Archiver {
    return new Archiver({
      ledger: this.ledger,
      archive: this.archive,
      clock: this.clock,
      meter: this.meter,
      settings: { ...defaultArchiverSettings, ...settings },
      onNews: (news) => this.news.push(news),
      ...parts,
    });
  }

  /** The time of day `number` (0: the first), `atMs` after its midnight. */
  onDay(number: number, atMs = 0): number {
    return this.startMs + number * dayMs + atMs;
  }

  /** Appends the next rows of the cluster, of that day. */
  async record(count: number, day: number, atMs = 1_000): Promise<LedgerRow[]> {
    const rows = this.cluster.next(count, this.onDay(day, atMs));
    await this.append(rows);
    return rows;
  }

  async append(rows: readonly LedgerRow[]): Promise<void> {
    const reply = await this.ledger.append(rows);
    if (reply.kind !== "appended") throw new Error(reply.message);
  }

  /** Lets time pass until so long after midnight of a day. */
  async until(day: number, atMs = 0): Promise<void> {
    await this.clock.advance(this.onDay(day, atMs) - this.clock.wallMs());
  }

  /** The days that are in the ledger. */
  async days(): Promise<string[]> {
    const reply = await this.ledger.days({ limit: 1_000 });
    return reply.kind === "days" ? reply.days.map(({ day }) => day) : [];
  }

  /** The sequences of the recorded parts, as `first-last`. */
  async parts(): Promise<string[]> {
    const list = await this.ledger.archived({ limit: 1_000 });
    if (list.kind !== "list") throw new Error(list.message);
    return list.items.map((part) => `${part.firstSequence}-${part.lastSequence}`);
  }

  /** What was told, by kind; once each. */
  told(kind: ArchiverNews["kind"]): ArchiverNews[] {
    return this.news.filter((each) => each.kind === kind);
  }
}
