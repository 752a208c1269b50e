import { invariant } from "@holdfast/base/invariant";
import type { ConsumedRecord, EventRecord } from "../ports/event-log.ts";

/** Past this many records a partition forgets its older half, so that memory stays bounded. */
const partitionRecordsMax = 1_000_000;

/** One topic in memory. */
export class MemoryTopic {
  readonly name: string;
  readonly partitions: readonly MemoryPartition[];

  constructor(name: string, partitions: number) {
    invariant(Number.isInteger(partitions) && partitions > 0, "a topic has partitions");
    this.name = name;
    this.partitions = Array.from({ length: partitions }, (_, number) => {
      return new MemoryPartition(name, number);
    });
  }

  append(record: EventRecord): void {
    const index = record.partition ?? keyHash(record.key) % this.partitions.length;
    const partition = this.partitions[index];
    invariant(partition !== undefined, `topic ${this.name} has no partition ${index}`);
    partition.append(record);
  }
}

/** Records in the order of their offsets. */
export class MemoryPartition {
  /** As a consumer is told it: `topic/number`. */
  readonly name: string;
  readonly #topic: string;
  readonly #number: number;
  #records: ConsumedRecord[] = [];
  /** Offset of the oldest record that is kept. */
  #start = 0;

  constructor(topic: string, number: number) {
    this.name = `${topic}/${number}`;
    this.#topic = topic;
    this.#number = number;
  }

  /** Keeps a copy: what the caller does with its bytes afterwards is not in the log. */
  append({ key, value, headers }: EventRecord): void {
    const offset = BigInt(this.#start + this.#records.length);
    this.#records.push({
      topic: this.#topic,
      partition: this.#number,
      offset,
      key: key.slice(),
      value: value.slice(),
      headers: { ...headers },
    });
    if (this.#records.length <= partitionRecordsMax) return;
    const forgotten = partitionRecordsMax / 2;
    this.#records = this.#records.slice(forgotten);
    this.#start += forgotten;
  }

  /** How many records it keeps. */
  get size(): number {
    return this.#records.length;
  }

  /** Keeps nothing from before `offset`. */
  forget(offset: number): void {
    const count = Math.min(offset - this.#start, this.#records.length);
    if (count <= 0) return;
    this.#records.splice(0, count);
    this.#start += count;
  }

  /** At most `countMax` records from `offset` on, or from the oldest that is kept. */
  read(offset: number, countMax: number): readonly ConsumedRecord[] {
    const from = Math.max(0, offset - this.#start);
    return this.#records.slice(from, from + countMax);
  }
}

/** FNV-1a: any hash will do that spreads keys which differ at their ends only. */
function keyHash(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
