import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { digest132 } from "@holdfast/base/digest";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import type { Archive } from "../ports/archive.ts";
import { type Ledger, type LedgerDay, pageRowsMax } from "../ports/ledger.ts";
import type { Meter } from "../ports/meter.ts";
import { utcDay } from "../utc-day.ts";
import { archiveDay } from "./archive-day.ts";
import { partsOf } from "./archived-parts.ts";
import { type ArchiverCounts, archiverCounts } from "./archiver-counts.ts";
import type { ArchiverListener, ArchiverNews } from "./archiver-news.ts";
import { dropDay } from "./drop-day.ts";
import type { PartBounds } from "./part-writer.ts";

/** When days are archived and dropped, in milliseconds if it says nothing else. */
export interface ArchiverSettings {
  readonly everyMs: number;
  /** So long after its end a day is archived: its last events are on their way until then. */
  readonly closeMs: number;
  /** So long after its end a day is dropped. */
  readonly hotMs: number;
  /** For so long objects cannot be deleted. */
  readonly retentionMs: number;
  /** Records that are missing may be on their way for so long. */
  readonly patienceMs: number;
  readonly bounds: PartBounds;
}

/** What an operator has who asks for nothing else. */
export const defaultArchiverSettings: ArchiverSettings = {
  everyMs: 15 * 60_000,
  closeMs: 60 * 60_000,
  hotMs: 7 * 86_400_000,
  retentionMs: 2_557 * 86_400_000,
  patienceMs: 60 * 60_000,
  bounds: { rowsMax: 100_000, lineBytesMax: 32 * 1024 * 1024 },
};

/** What an archiver is made of. */
export interface ArchiverParts {
  readonly ledger: Ledger;
  readonly archive: Archive;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly settings: ArchiverSettings;
  readonly onNews: ArchiverListener;
}

const dayMs = 86_400_000;
/** Damages and holes that are remembered, so that each is counted once. */
const rememberedMax = 10_000;
/** Events from before a shard's first time mark: their day says nothing of their age. */
const timeless = utcDay(0);

/**
 * Moves days from the ledger to the archive: a closed day is verified and stored, an old one whose
 * every row is there is dropped. It keeps no state: what was done stands in ledger and archive, and
 * any number of them may be at it at once.
 */
export class Archiver {
  readonly #parts: ArchiverParts;
  readonly #counts: ArchiverCounts;
  readonly #stopped = new Cancellation();
  readonly #damages = new Set<string>();
  /** When each hole was first seen, on the monotonic clock. */
  readonly #holes = new Map<string, number>();
  /** Of the round that is under way, and of the latest that is over. */
  #found: string | undefined;
  #trouble: string | undefined;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    this.#counts = archiverCounts(parts.meter);
  }

  /** One round after another; resolves when it is stopped, after the part it is at. */
  async run(): Promise<void> {
    const { clock, settings } = this.#parts;
    do await this.round();
    while ((await sleep(clock, settings.everyMs, this.#stopped)) === "elapsed");
  }

  /** What kept the latest round from all it had to do; undefined: nothing. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Nothing new is begun. */
  stop(): void {
    this.#stopped.cancel();
  }

  /** Does what there is to do now. True: all of it came about. */
  async round(): Promise<boolean> {
    this.#found = undefined;
    const isClean = await this.#round();
    this.#trouble = this.#found;
    return isClean;
  }

  async #round(): Promise<boolean> {
    const { ledger, clock, settings } = this.#parts;
    let [fromDay, waiting, isClean] = [timeless, 0, true];
    for (;;) {
      const reply = await ledger.days({ fromDay, limit: pageRowsMax });
      if (reply.kind !== "days") return this.#failed("ledger", reply.message);
      const closed = reply.days.filter((day) => this.#isOver(day.day, settings.closeMs));
      for (const day of closed) {
        if (this.#stopped.cancelled) return false;
        const isArchived = await this.#archive(day);
        const isDone = isArchived && (await this.#drop(day));
        if (!isArchived) waiting += 1;
        isClean &&= isDone;
      }
      const last = closed.at(-1);
      if (last === undefined || reply.days.length < pageRowsMax) break;
      fromDay = utcDay(endOf(last.day));
    }
    this.#counts.daysWaiting.set(waiting);
    if (isClean) this.#counts.lastRound.set(clock.wallMs() / 1_000);
    return isClean;
  }

  /** Whether all of the day is in the archive now. */
  async #archive({ day, clusters }: LedgerDay): Promise<boolean> {
    const { ledger, archive, clock, settings } = this.#parts;
    const nowMs = clock.wallMs();
    let isArchived = true;
    for (const counted of clusters) {
      if (this.#stopped.cancelled) return false;
      const { cluster } = counted;
      const reply = await archiveDay(
        {
          ...{ ledger, archive, nowMs, bounds: settings.bounds },
          retainUntilMs: nowMs + settings.retentionMs,
          isStopped: () => this.#stopped.cancelled,
          onStored: (part) => {
            this.#counts.parts.add(1);
            this.#counts.events.add(part.rows);
            this.#counts.bytes.add(part.bytes);
            this.#tell({ kind: "stored", part });
          },
        },
        day,
        counted,
      );
      if (reply.kind === "archived") continue;
      isArchived = false;
      if (reply.kind === "damaged") await this.#damaged(day, reply.damage);
      if (reply.kind === "incomplete") await this.#incomplete(day, reply.damage);
      if (reply.kind === "failed")
        this.#failed(reply.step, `${day} of ${cluster}: ${reply.message}`);
    }
    return isArchived;
  }

  /** False: it is old enough, and is still there. */
  async #drop(day: LedgerDay): Promise<boolean> {
    const { ledger, archive, settings } = this.#parts;
    if (this.#stopped.cancelled || !this.#isOver(day.day, settings.hotMs)) return true;
    if (day.day === timeless && !(await this.#isLongArchived(day))) return true;
    const reply = await dropDay({ ledger, archive }, day);
    if (reply.kind === "gone") return true;
    if (reply.kind === "dropped") {
      this.#counts.daysDropped.add(1);
      this.#tell({ kind: "dropped", day: day.day, rows: reply.rows });
      return true;
    }
    if (reply.kind === "differs") {
      const { cluster, message } = reply;
      await this.#violated({ day: day.day, cluster, message, rule: "archive" });
    }
    if (reply.kind === "failed") this.#failed(reply.step, `${day.day}: ${reply.message}`);
    return false;
  }

  async #isLongArchived({ day, clusters }: LedgerDay): Promise<boolean> {
    const { ledger, clock, settings } = this.#parts;
    const sinceMs = clock.wallMs() - settings.hotMs;
    for (const { cluster } of clusters) {
      const parts = await partsOf(ledger, day, cluster);
      if ("kind" in parts) return this.#failed("ledger", parts.message);
      if (parts.parts.some(({ archivedAtMs }) => archivedAtMs > sinceMs)) return false;
    }
    return true;
  }

  #isOver(day: string, forMs: number): boolean {
    return this.#parts.clock.wallMs() >= endOf(day) + forMs;
  }

  async #incomplete(day: string, damage: Damage): Promise<void> {
    const { clock, settings } = this.#parts;
    const { cluster, message } = damage;
    const hole = `${day}/${cluster}/${damage.first}`;
    const nowMs = clock.monotonicMs();
    const sinceMs = this.#holes.get(hole) ?? nowMs;
    if (this.#holes.size >= rememberedMax) this.#holes.clear();
    this.#holes.set(hole, sinceMs);
    if (nowMs - sinceMs >= settings.patienceMs) return this.#damaged(day, damage);
    this.#tell({ kind: "incomplete", day, cluster, message });
  }

  #damaged(day: string, { cluster, message }: Damage): Promise<void> {
    return this.#violated({ day, cluster, message, rule: "chain" });
  }

  /** Told in the log each round, counted and recorded as one. */
  async #violated(found: {
    readonly day: string;
    readonly cluster: string;
    readonly message: string;
    readonly rule: "chain" | "archive";
  }): Promise<void> {
    const { ledger, clock } = this.#parts;
    const { day, cluster, message, rule } = found;
    this.#tell({ kind: "damaged", day, cluster, message });
    const id = `${rule}/${day}/${digest132(`${cluster}\0${message}`)}`;
    if (!this.#damages.has(id)) {
      this.#counts.damages.add(1);
      if (this.#damages.size >= rememberedMax) this.#damages.clear();
      this.#damages.add(id);
    }
    const atMs = endOf(day) - dayMs;
    const reply = await ledger.recordViolations([
      { id, rule, atMs, foundAtMs: clock.wallMs(), message, events: [] },
    ]);
    if (reply.kind !== "recorded") this.#failed("record", reply.message);
  }

  #failed(step: Extract<ArchiverNews, { kind: "failed" }>["step"], message: string): false {
    this.#counts.failures.add(1, { step });
    this.#tell({ kind: "failed", step, message });
    return false;
  }

  #tell(news: ArchiverNews): void {
    if (news.kind !== "stored" && news.kind !== "dropped") this.#found ??= news.message;
    this.#parts.onNews(news);
  }
}

/** When a day is over, in milliseconds since 1970. */
function endOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + dayMs;
}
