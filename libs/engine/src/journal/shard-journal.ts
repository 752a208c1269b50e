import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { digest132 } from "@holdfast/base/digest";
import type { Tracer } from "@holdfast/base/tracer";
import type { AuditEvent } from "@holdfast/core/audit/event";
import type { HistoryOf } from "@holdfast/core/audit/history";
import { identityKey } from "@holdfast/core/lock/keys";
import type { EventLog } from "../ports/event-log.ts";
import type { Meter } from "../ports/meter.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import { checkIdentity, incarnationIn } from "../shard-identity.ts";
import type { Checkpoints } from "./checkpoint-store.ts";
import { journalMetrics } from "./journal-metrics.ts";
import { type NoticeListener, sparingly } from "./journal-notice.ts";
import { JournalTenure } from "./journal-tenure.ts";
import { LeaderElection } from "./leader-election.ts";

/** How long what was read has to get into the log when the journal is stopped, in milliseconds. */
const drainMs = 3_000;
/** The pause before a shard that does not say what it is is asked again, in milliseconds. */
const identifyMs = 1_000;
/** The longest name of a cluster that the ledger takes. */
const clusterCharsMax = 64;
const incarnationChars = 8;

/** What a {@link ShardJournal} is made of. */
export interface ShardJournalOptions {
  readonly store: ShardStore;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** The name of the whole installation. */
  readonly installation: string;
  readonly region: string;
  readonly shard: string;
  /** Which process it is, for operators. */
  readonly name: string;
  readonly onNotice: NoticeListener;
  /**
   * Left out, the checkpoint lies in the shard, and this journal alone says what of the shard's
   * history may be forgotten. Another place takes no part in that: it has no say over history, and
   * leaves the checkpoint of a journal that has where it is.
   */
  readonly checkpoints?: Checkpoints;
  /**
   * Told of the events of each revision as soon as they are read, of some once more after another
   * journal has led. It must not throw, and nobody waits for what it begins.
   */
  readonly onEvents?: (events: readonly AuditEvent[]) => void;
}

/**
 * Tells the log all that happens in a shard, from the shard's own history: of the journals that run
 * for a shard one reads, and another one takes over when it dies. What the log has lies behind the
 * checkpoint in the shard, so nothing is lost whoever dies when; what is told twice is told in the
 * same bytes.
 */
export class ShardJournal {
  readonly #options: ShardJournalOptions;
  readonly #onNotice: NoticeListener;
  readonly #stopping = new Cancellation();
  #running: Promise<void> | undefined;
  #resign: () => Promise<void> = async () => {};

  constructor(options: ShardJournalOptions) {
    this.#options = options;
    this.#onNotice = sparingly(options.clock, options.onNotice);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Finishes what was read, if that is possible in three seconds, and lets another one lead. */
  async stop(): Promise<void> {
    this.#stopping.cancel();
    if (this.#running === undefined) return;
    const overdue = new Cancellation();
    const drained = this.#running.finally(() => overdue.cancel());
    const drain = await sleep(this.#options.clock, drainMs, overdue);
    // It waits for a log or a shard that does not answer; what is not stored is read again.
    if (drain === "elapsed") await this.#resign();
    else await drained;
  }

  async #run(): Promise<void> {
    const { store, clock, log, meter, tracer, shard, name, onEvents, checkpoints } = this.#options;
    const onNotice = this.#onNotice;
    const metrics = journalMetrics(meter);
    metrics.leads(shard, false);
    const of = await this.#identify();
    const election = new LeaderElection(store, clock, name, onNotice);
    while (of !== undefined && !this.#stopping.cancelled) {
      const leadership = await election.campaign(this.#stopping);
      if (leadership === undefined) return;
      this.#resign = leadership.resign;
      metrics.leads(shard, true);
      onNotice({ level: "info", action: "leading", message: `reads ${of.region}/${shard}` });
      const tenure = new JournalTenure({
        ...{
          store,
          log,
          clock,
          of,
          leadership,
          stopping: this.#stopping,
          metrics,
          tracer,
          onNotice,
        },
        ...(onEvents === undefined ? {} : { onEvents }),
        ...(checkpoints === undefined ? {} : { checkpoints }),
      });
      await tenure.run();
      await leadership.resign();
      metrics.leads(shard, false);
      onNotice({ level: "info", action: "not-leading", message: `left ${of.region}/${shard}` });
    }
  }

  #complain(action: string, message: string): void {
    this.#onNotice({ level: "warn", action, message, repeats: true });
  }

  /** Waits until the shard says that it is the one it is configured as. */
  async #identify(): Promise<HistoryOf | undefined> {
    const { store, clock, installation, region, shard } = this.#options;
    while (!this.#stopping.cancelled) {
      const reply = await store.range({ kind: "range", key: identityKey });
      if (reply.kind === "read") {
        const value = reply.range.kvs[0]?.value;
        const refusal = checkIdentity({ region, name: shard }, installation, value);
        if (refusal === undefined && value !== undefined) {
          const incarnation = incarnationIn(value) ?? "";
          return { cluster: clusterName(installation, region, shard, incarnation), region, shard };
        }
        this.#complain("shard-unidentified", refusal?.message ?? "");
      } else this.#complain("shard-unreachable", reply.message);
      await sleep(clock, identifyMs, this.#stopping);
    }
    return undefined;
  }
}

/**
 * What events call the etcd cluster of a shard. A shard that was set up anew counts its revisions
 * from 1 again, so it must be another one.
 */
export function clusterName(
  installation: string,
  region: string,
  shard: string,
  incarnation: string,
): string {
  const name = `${installation}/${region}/${shard}/${incarnation.slice(0, incarnationChars)}`;
  if (name.length <= clusterCharsMax) return name;
  return `${shard}/${digest132(`${installation}/${region}/${shard}/${incarnation}`)}`;
}
