import type { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import type { AuditEvent } from "@holdfast/core/audit/event";
import type { HistoryOf } from "@holdfast/core/audit/history";
import type { EventLog, EventRecord } from "../ports/event-log.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { JournalMetrics } from "./journal-metrics.ts";
import type { NoticeListener } from "./journal-notice.ts";

/** What the parts of a leader's work have in common. */
export interface TenureWork {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly of: HistoryOf;
  readonly metrics: JournalMetrics;
  readonly onNotice: NoticeListener;
  /** Told of what the gap's readers are told. */
  readonly onEvents?: (events: readonly AuditEvent[]) => void;
  /** Cancelled when another journal leads, or this one must end. */
  readonly lost: Cancellation;
  /** Stores it; false: the work is over. */
  save(checkpoint: Checkpoint): Promise<boolean>;
  /** Brings them into the log; false: the work is over. */
  append(records: readonly EventRecord[]): Promise<boolean>;
}
