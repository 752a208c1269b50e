import { utf8 } from "@holdfast/base/bytes";
import type { ConsumedRecord } from "@holdfast/engine/ports/event-log";
import type {
  Chunk,
  ClientConsumer,
  ClientConsumerOptions,
  ClientFailure,
  ClientProducer,
  KafkaClient,
  Position,
} from "../kafka-client.ts";

/** A client whose every answer is given by the test. */
export class FakeClient implements KafkaClient {
  readonly trouble = undefined;
  partitions = 3;
  readonly producers: FakeProducer[] = [];
  readonly consumers: FakeConsumer[] = [];
  /** What the next producer answers to every send; a promise that never resolves is a stall. */
  answer: () => Promise<ClientFailure | undefined> = async () => undefined;
  refusesConsumers = false;

  async makeTopic() {
    return undefined;
  }

  async partitionsOf() {
    return { kind: "partitions", count: this.partitions } as const;
  }

  async openProducer(): Promise<ClientProducer> {
    const producer = new FakeProducer(this.answer);
    this.producers.push(producer);
    return producer;
  }

  async openConsumer(options: ClientConsumerOptions): Promise<ClientConsumer | ClientFailure> {
    if (this.refusesConsumers) return { kind: "failure", reason: "other", message: "no broker" };
    const consumer = new FakeConsumer(options);
    this.consumers.push(consumer);
    return consumer;
  }
}

/** Counts what it was asked for. */
export class FakeProducer implements ClientProducer {
  readonly kind = "producer";
  readonly #answer: () => Promise<ClientFailure | undefined>;
  sends = 0;
  abandoned = false;

  constructor(answer: () => Promise<ClientFailure | undefined>) {
    this.#answer = answer;
  }

  send(): Promise<ClientFailure | undefined> {
    this.sends += 1;
    return this.#answer();
  }

  abandon(): void {
    this.abandoned = true;
  }
}

/** Told by the test what it has received. */
export class FakeConsumer implements ClientConsumer {
  readonly kind = "consumer";
  readonly options: ClientConsumerOptions;
  readonly commits: (readonly Position[])[] = [];
  answer: () => Promise<ClientFailure | undefined> = async () => undefined;
  done = 0;
  closed = false;
  /** Whether it hears nothing of its leaving. */
  closesForEver = false;

  constructor(options: ClientConsumerOptions) {
    this.options = options;
  }

  /** Hands over records of one partition. */
  receive(partition: number, offset: bigint, count: number): void {
    const records = Array.from({ length: count }, (_, index): ConsumedRecord => {
      const at = { topic: "t", partition, offset: offset + BigInt(index) };
      return { ...at, key: utf8("a"), value: utf8("1"), headers: {} };
    });
    const chunk: Chunk = {
      records,
      done: () => {
        this.done += 1;
      },
    };
    this.options.listener.onChunk(chunk);
  }

  async commit(positions: readonly Position[]): Promise<ClientFailure | undefined> {
    this.commits.push(positions);
    return this.answer();
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.closesForEver) await new Promise(() => {});
  }
}
