import type { Random } from "@holdfast/base/random";
import type { EventLog, EventProducer } from "../ports/event-log.ts";
import type { ShardStore, WatchListener } from "../ports/shard-store.ts";

/**
 * A process that can die at any call: from then on nothing it asks is answered, and nothing it
 * watches is told. The call it dies in may have been carried out.
 */
export class MortalProcess {
  readonly #random: Random;
  #isDead = false;
  /** Dies at this call. */
  #fatalCall = Number.POSITIVE_INFINITY;
  #calls = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  die(): void {
    this.#isDead = true;
  }

  /** Dies at the `calls`-th call from now. */
  dieIn(calls: number): void {
    this.#fatalCall = this.#calls + calls;
  }

  store(store: ShardStore): ShardStore {
    return {
      commit: (txn) => this.#call(() => store.commit(txn)),
      range: (range) => this.#call(() => store.range(range)),
      rangeAt: (range, revision) => this.#call(() => store.rangeAt(range, revision)),
      grantLease: (ttlS) => this.#call(() => store.grantLease(ttlS)),
      keepAlive: (lease) => this.#call(() => store.keepAlive(lease)),
      revokeLease: (lease) => this.#call(() => store.revokeLease(lease)),
      leaseKeys: (lease) => this.#call(() => store.leaseKeys(lease)),
      watch: (request, listener) => store.watch(request, this.#alive(listener)),
      compact: (revision) => this.#call(() => store.compact(revision)),
    };
  }

  log(log: EventLog): EventLog {
    return {
      limits: log.limits,
      checkTopic: (topic, partitionsMin) => {
        return this.#call(() => log.checkTopic(topic, partitionsMin));
      },
      openProducer: (topic) => this.#producer(log.openProducer(topic)),
      openConsumer: (group, topics) => log.openConsumer(group, topics),
      close: () => log.close(),
    };
  }

  /** One that it dies of: its first append comes about, and it hears of that or does not. */
  fatalLog(log: EventLog, { hears }: { readonly hears: boolean }): EventLog {
    return {
      ...this.log(log),
      openProducer: (topic) => {
        const producer = log.openProducer(topic);
        return {
          append: async (records) => {
            const reply = await producer.append(records);
            this.die();
            return hears ? reply : new Promise(() => {});
          },
          close: () => producer.close(),
        };
      },
    };
  }

  #producer(producer: EventProducer): EventProducer {
    return {
      append: (records) => this.#call(() => producer.append(records)),
      close: () => producer.close(),
    };
  }

  async #call<Reply>(carryOut: () => Promise<Reply>): Promise<Reply> {
    this.#calls += 1;
    if (this.#calls >= this.#fatalCall && !this.#isDead) {
      this.#isDead = true;
      if (this.#random.next() < 0.5) await carryOut();
    }
    if (this.#isDead) return new Promise(() => {});
    const reply = await carryOut();
    return this.#isDead ? new Promise(() => {}) : reply;
  }

  #alive(listener: WatchListener): WatchListener {
    return {
      onEvents: (revision, events) => this.#isDead || listener.onEvents(revision, events),
      onEnd: (reason) => this.#isDead || listener.onEnd(reason),
    };
  }
}
