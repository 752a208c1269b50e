import { compareBytes } from "@holdfast/base/bytes";
import type { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import {
  type AppendReply,
  batchBytesMax,
  batchRowsMax,
  type Ledger,
  type LedgerRefusal,
  type NotDone,
  type RowConflict,
} from "../ports/ledger.ts";
import {
  type ParkedRecord,
  parkedBytes,
  parkedRowsMax,
  type Violation,
} from "../ports/ledger-records.ts";
import { type Attempt, attemptUntilDone, type WaitListener } from "./patience.ts";
import { parkedRecord, type ReadEvent, type Unread } from "./read-batch.ts";

/** What a writer is made of. */
export interface LedgerWriterOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Ends every wait; what was to be stored is then not. */
  readonly stopped: Cancellation;
  readonly waits: WaitListener;
}

/** What storing some events came to; of several appends, all together. */
export interface StoredEvents {
  readonly added: number;
  readonly conflicts: readonly RowConflict[];
  readonly lateDays: readonly string[];
  /** Events that are no rows after all: they are to be parked. */
  readonly unread: readonly Unread[];
}

/**
 * Stores in a ledger that may be away, full or locked for as long as it likes: waits, and tries
 * again. Undefined: it was stopped first.
 */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions;

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
  }

  /** In as many appends as the ledger's limits make necessary. */
  async store(events: readonly ReadEvent[]): Promise<StoredEvents | undefined> {
    const parts: StoredEvents[] = [];
    for (const lot of lots(events, batchRowsMax, batchBytesMax, ({ row }) => row.line.length)) {
      const stored = await this.#storeLot(lot);
      if (stored === undefined) return undefined;
      parts.push(...stored);
    }
    return {
      added: parts.reduce((sum, { added }) => sum + added, 0),
      conflicts: parts.flatMap(({ conflicts }) => conflicts),
      lateDays: [...new Set(parts.flatMap(({ lateDays }) => lateDays))],
      unread: parts.flatMap(({ unread }) => unread),
    };
  }

  /** Parks what is no row; the records as they were parked. */
  async park(unread: readonly Unread[]): Promise<readonly ParkedRecord[] | undefined> {
    const { ledger, clock } = this.#options;
    const records = unread.map((each) => parkedRecord(each, clock.wallMs()));
    for (const lot of lots(records, parkedRowsMax, batchBytesMax, parkedBytes)) {
      const done = await this.#until(async () => attemptOf(await ledger.park(lot)));
      if (done === undefined) return undefined;
    }
    return records;
  }

  /** Records what the checker found. */
  async record(violations: readonly Violation[]): Promise<"recorded" | undefined> {
    if (violations.length === 0) return "recorded";
    const { ledger } = this.#options;
    const done = await this.#until(async () =>
      attemptOf(await ledger.recordViolations(violations)),
    );
    return done === undefined ? undefined : "recorded";
  }

  /** A lot that the ledger does not take is halved until it is known which event it is. */
  async #storeLot(lot: readonly ReadEvent[]): Promise<readonly StoredEvents[] | undefined> {
    const { ledger } = this.#options;
    const rows = lot.map(({ row }) => row);
    const reply = await this.#until(async (): Promise<Attempt<Appended | LedgerRefusal>> => {
      const appended = await ledger.append(rows);
      const isRefused = appended.kind === "refused" && appended.reason === "invalid";
      return isRefused ? { kind: "done", value: appended } : attemptOf(appended);
    });
    if (reply === undefined) return undefined;
    if (reply.kind === "appended") {
      return [{ ...reply, unread: conflictsIn(lot, reply.conflicts) }];
    }
    const [first] = lot;
    if (first === undefined || lot.length > 1) {
      const middle = Math.ceil(lot.length / 2);
      const left = await this.#storeLot(lot.slice(0, middle));
      const right = left && (await this.#storeLot(lot.slice(middle)));
      return right && [...left, ...right];
    }
    const { record } = first;
    const unread = [{ record, reason: "unstorable", message: reply.message } as const];
    return [{ added: 0, conflicts: [], lateDays: [], unread }];
  }

  async #until<Value>(attempt: () => Promise<Attempt<Value>>): Promise<Value | undefined> {
    const { clock, stopped, waits } = this.#options;
    const done = await attemptUntilDone(clock, stopped, waits, attempt);
    return done.kind === "done" ? done.value : undefined;
  }
}

type Appended = Extract<AppendReply, { readonly kind: "appended" }>;

/** Whatever the ledger gives for a reason, it is not the records' fault, and may pass. */
function attemptOf<Reply extends { readonly kind: string }>(
  reply: Reply | NotDone,
): Attempt<Exclude<Reply, NotDone>> {
  if ("message" in reply) return { kind: "again", message: reply.message };
  return { kind: "done", value: reply as Exclude<Reply, NotDone> };
}

/** The events that met another with their identity. */
function conflictsIn(lot: readonly ReadEvent[], conflicts: readonly RowConflict[]): Unread[] {
  if (conflicts.length === 0) return [];
  return lot.flatMap(({ record, row }): Unread[] => {
    const conflict = conflicts.find(
      ({ identity: { day, cluster, revision, index }, givenHash }) =>
        revision === row.revision &&
        index === row.index &&
        cluster === row.cluster &&
        day === row.day &&
        compareBytes(givenHash, row.hash) === 0,
    );
    if (conflict === undefined) return [];
    const stored = Buffer.from(conflict.storedHash).toString("hex");
    const message = `event ${row.revision}.${row.index} of ${row.cluster} is there with hash ${stored}`;
    return [{ record, reason: "conflict", message }];
  });
}

/** In order, each of at most so many items and bytes; one item alone may have more bytes. */
function* lots<Item>(
  items: readonly Item[],
  itemsMax: number,
  bytesMax: number,
  bytesOf: (item: Item) => number,
): Iterable<readonly Item[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, item] of items.entries()) {
    const size = bytesOf(item);
    if (at > from && (at - from === itemsMax || bytes + size > bytesMax)) {
      yield items.slice(from, at);
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < items.length) yield items.slice(from);
}
