import type { ConsumedRecord } from "../ports/event-log.ts";
import type { MemoryPartition, MemoryTopic } from "./memory-topic.ts";

/** A member as its group sees it. */
export interface GroupMember {
  readonly topics: readonly string[];
  /** Its partitions have been given out anew. */
  onAssigned(share: PartitionShare): void;
}

/** The members of a group, and how far it has come. */
export class MemoryConsumerGroup {
  readonly #topics: ReadonlyMap<string, MemoryTopic>;
  readonly #members = new Set<GroupMember>();
  /** The offset to go on from, by the partition's name. */
  readonly #committed = new Map<string, number>();

  constructor(topics: ReadonlyMap<string, MemoryTopic>) {
    this.#topics = topics;
  }

  join(member: GroupMember): void {
    this.#members.add(member);
    this.#assign();
  }

  leave(member: GroupMember): void {
    this.#members.delete(member);
    this.#assign();
  }

  /** The offset that this group reads on from, of a partition by its name. */
  committed(partition: string): number {
    return this.#committed.get(partition) ?? 0;
  }

  /** Deals the partitions out in turn; everybody starts from what is committed. */
  #assign(): void {
    const shares = new Map<GroupMember, MemoryPartition[]>();
    for (const member of this.#members) shares.set(member, []);
    for (const topic of this.#topics.values()) {
      const takers = [...this.#members].filter(({ topics }) => topics.includes(topic.name));
      topic.partitions.forEach((partition, index) => {
        const taker = takers[index % takers.length];
        if (taker !== undefined) shares.get(taker)?.push(partition);
      });
    }
    for (const [member, partitions] of shares) {
      member.onAssigned(new PartitionShare(partitions, this.#committed));
    }
  }
}

/** The partitions a member has until they are given out anew. */
export class PartitionShare {
  readonly names: readonly string[];
  readonly #partitions: readonly MemoryPartition[];
  readonly #committed: Map<string, number>;
  /** Where the next read begins, so that no partition starves behind a busy one. */
  #first = 0;

  constructor(partitions: readonly MemoryPartition[], committed: Map<string, number>) {
    this.#partitions = partitions;
    this.#committed = committed;
    this.names = partitions.map(({ name }) => name).sort();
  }

  /** At most `countMax` records that are not committed. */
  read(countMax: number): readonly ConsumedRecord[] {
    const records: ConsumedRecord[] = [];
    const count = this.#partitions.length;
    for (let index = 0; index < count && records.length < countMax; index++) {
      const partition = this.#partitions[(this.#first + index) % count];
      if (partition === undefined) continue;
      const offset = this.#committed.get(partition.name) ?? 0;
      records.push(...partition.read(offset, countMax - records.length));
    }
    this.#first += 1;
    return records;
  }

  commit(records: readonly ConsumedRecord[]): void {
    for (const { topic, partition, offset } of records) {
      this.#committed.set(`${topic}/${partition}`, Number(offset) + 1);
    }
  }
}
