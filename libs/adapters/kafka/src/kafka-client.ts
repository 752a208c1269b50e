import type { ConsumedRecord, EventRecord } from "@holdfast/engine/ports/event-log";

/**
 * What this adapter needs of a Kafka client. kafkajs-client.ts is the only file that knows which
 * client it is: another one takes its place by answering to this. Nothing here is rejected; each
 * promise resolves in the time the client is set up for, or its caller gives up on it.
 */
export interface KafkaClient {
  /** What is wrong with TLS on the way to a broker, for people; undefined where nothing is. */
  readonly trouble: string | undefined;
  /** How many partitions a topic has; 0 when it does not exist. Never makes one. */
  partitionsOf(topic: string): Promise<PartitionCount | ClientFailure>;
  /** Makes a topic with as many copies as the brokers make by themselves; not one that is there. */
  makeTopic(topic: TopicToMake): Promise<ClientFailure | undefined>;
  /** A connected, idempotent producer. */
  openProducer(): Promise<ClientProducer | ClientFailure>;
  /** A member of a group, which may yet have to join. */
  openConsumer(options: ClientConsumerOptions): Promise<ClientConsumer | ClientFailure>;
}

/** How many partitions there are. */
export interface PartitionCount {
  readonly kind: "partitions";
  readonly count: number;
}

/** A topic that is to be there. */
export interface TopicToMake {
  readonly name: string;
  readonly partitions: number;
  /** Settings of the topic by Kafka's names. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Why a call came to nothing. */
export interface ClientFailure {
  readonly kind: "failure";
  /** `stale`: the group has given out the member's partitions anew, or does not know the member. */
  readonly reason: "too-large" | "topic-missing" | "not-authorized" | "stale" | "other";
  readonly message: string;
}

/** A connected producer. After a call that failed it is to be abandoned. */
export interface ClientProducer {
  readonly kind: "producer";
  /** Every record is acknowledged by every copy; undefined. Only one call at a time. */
  send(topic: string, records: readonly EventRecord[]): Promise<ClientFailure | undefined>;
  /** Sends nothing more, not even again, and closes once what is on its way has ended. */
  abandon(): void;
}

/** Which records a member wants, and who hears of them. */
export interface ClientConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** The most records in one {@link Chunk}. */
  readonly chunkRecordsMax: number;
  readonly listener: ClientConsumerListener;
}

/** Told what happens to a member; nothing before `onAssigned`, and nothing after `onEnd`. */
export interface ClientConsumerListener {
  /** The member's partitions from now on, as sorted `topic/number`. */
  onAssigned(partitions: readonly string[]): void;
  /** Records of one partition; no more of that partition come until it is done. */
  onChunk(chunk: Chunk): void;
  /** The partitions are given out anew: what came before and is not committed is void. */
  onRevoked(): void;
  /** It has left for good: open another one. */
  onEnd(message: string): void;
}

/** Records of one partition in the order of their offsets; at least one. */
export interface Chunk {
  readonly records: readonly ConsumedRecord[];
  done(): void;
}

/** A member of a group. */
export interface ClientConsumer {
  readonly kind: "consumer";
  /** Stores where each partition is to be gone on from. */
  commit(positions: readonly Position[]): Promise<ClientFailure | undefined>;
  close(): Promise<void>;
}

/** The offset of the next record to read. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}
