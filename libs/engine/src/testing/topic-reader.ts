import { invariant } from "@holdfast/base/invariant";
import type { ManualClock } from "@holdfast/base/manual-clock";
import { genesis, type Link, sameHash } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { ChainVerifier } from "@holdfast/core/audit/verify-chain";
import { eventsTopic, readEventRecord } from "../event-record.ts";
import type { ConsumedRecord, EventLog } from "../ports/event-log.ts";

/** One event of the topic, as it was first seen. */
interface Seen {
  readonly event: AuditEvent;
  readonly link: Link;
  readonly partitions: Set<number>;
}

/**
 * Reads a topic as an auditor does, knows events again by their identity, and fails where two that
 * are the same event differ in a byte, or the first showing of a lock's events is out of order.
 */
export class TopicReader {
  readonly #cluster: string;
  readonly #seen = new Map<string, Seen>();
  readonly #lastOfKey = new Map<string, AuditEvent>();
  /** Records that were there before in the same partition. */
  duplicates = 0;

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  /** Events by revision and index. */
  get events(): AuditEvent[] {
    return this.#inOrder().map(({ event }) => event);
  }

  /** Partitions that have the event. */
  partitionsOf({ revision, index }: AuditEvent): number {
    return this.#seen.get(`${revision}/${index}`)?.partitions.size ?? 0;
  }

  /** What is wrong with the chain; undefined: nothing, from the first record to the last. */
  get damage(): string | undefined {
    const verifier = new ChainVerifier(genesis(this.#cluster));
    const links = this.#inOrder().map(({ link }) => link);
    for (const link of links.sort((left, right) => (left.sequence < right.sequence ? -1 : 1))) {
      verifier.add(link);
    }
    return verifier.finish()?.message;
  }

  /** Reads all there is, as a group that has read nothing yet. */
  async readAll(log: EventLog, clock: ManualClock, group: string): Promise<void> {
    const consumer = log.openConsumer(group, [eventsTopic]);
    for (;;) {
      const reply = await pass(clock, consumer.next(1));
      if (reply.kind === "idle") break;
      if (reply.kind !== "records") continue;
      for (const record of reply.batch.records) this.add(record);
      await consumer.commit(reply.batch);
    }
    await consumer.close();
  }

  /** Takes the next record of a partition. */
  add(record: ConsumedRecord): void {
    const read = readEventRecord(record);
    invariant(read.kind === "event", `a record is ${read.kind}`);
    const { event, link } = read;
    const identity = `${event.revision}/${event.index}`;
    const seen = this.#seen.get(identity);
    if (seen !== undefined) {
      invariant(sameHash(seen.link.hash, link.hash), `${identity} is there in two forms`);
      if (seen.partitions.has(record.partition)) this.duplicates += 1;
      seen.partitions.add(record.partition);
      return;
    }
    this.#seen.set(identity, { event, link, partitions: new Set([record.partition]) });
    const key = Buffer.from(record.key).toString();
    const last = this.#lastOfKey.get(key);
    const isInOrder = last === undefined || isBefore(last, event);
    invariant(isInOrder, `${identity} comes after ${last?.revision}/${last?.index} of ${key}`);
    this.#lastOfKey.set(key, event);
  }

  #inOrder(): Seen[] {
    return [...this.#seen.values()].sort((left, right) => {
      return isBefore(left.event, right.event) ? -1 : 1;
    });
  }
}

function isBefore(left: AuditEvent, right: AuditEvent): boolean {
  if (left.revision !== right.revision) return left.revision < right.revision;
  return left.index < right.index;
}

/** Lets time pass until the promise is resolved. */
async function pass<Value>(clock: ManualClock, promise: Promise<Value>): Promise<Value> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(1);
  return done;
}
