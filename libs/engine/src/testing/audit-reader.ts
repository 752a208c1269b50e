import { auditedRange } from "@holdfast/core/audit/audited-key";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { decodeEvent, encodeEvent } from "@holdfast/core/audit/event-codec";
import { type Bookmark, firstPage, readRevision } from "@holdfast/core/audit/history";
import type { ShardStore, WatchEvent } from "../ports/shard-store.ts";

/** Where a reader stopped. */
interface Checkpoint {
  /** The last revision it has read. */
  readonly revision: bigint;
  readonly bookmark: Bookmark;
}

/** Reads the events of a store's history, as far as its watch has told it. */
export class AuditReader {
  readonly events: AuditEvent[] = [];
  /** One for each revision that was read. */
  readonly checkpoints: Checkpoint[] = [];
  readonly #of: { readonly cluster: string; readonly region: string; readonly shard: string };
  #bookmark: Bookmark;

  constructor(
    store: ShardStore,
    region = "here",
    after: Checkpoint = { revision: 0n, bookmark: firstPage },
  ) {
    this.#of = { cluster: `${region}.s0`, region, shard: "s0" };
    this.#bookmark = after.bookmark;
    store.watch(
      {
        key: auditedRange.prefix,
        rangeEnd: auditedRange.end,
        startRevision: after.revision + 1n,
        withPrevious: true,
      },
      {
        onEvents: (revision, changes) => this.#read(revision, changes),
        onEnd: (reason) => {
          throw new Error(`the watch ended: ${reason}`);
        },
      },
    );
  }

  /** What happened, a line an event: its name, whose it is and how it ended. */
  get told(): string[] {
    return this.events.map(brief);
  }

  /** The same of locks alone. */
  get toldOfLocks(): string[] {
    return this.told.filter((line) => !line.startsWith("Session"));
  }

  #read(revision: bigint, changes: readonly WatchEvent[]): void {
    const derived = readRevision(this.#of, revision, changes, this.#bookmark);
    if (derived.kind !== "derived") throw new Error(`${derived.key} of ${revision} is lost`);
    this.#bookmark = derived.bookmark;
    this.checkpoints.push({ revision, bookmark: derived.bookmark });
    for (const event of derived.events) {
      const decoded = decodeEvent(encodeEvent(event));
      if (decoded.kind !== "event") throw new Error(JSON.stringify(decoded));
      this.events.push(decoded.event);
    }
  }
}

function brief(event: AuditEvent): string {
  const parts: string[] = [event.kind];
  if ("owner" in event) parts.push(event.owner);
  if ("cause" in event) parts.push(event.cause);
  return parts.join(" ");
}
