import { Etcd3, type Lease } from "etcd3";

/** A lease outlives every benchmark; etcd3 keeps it alive meanwhile. */
const leaseS = 60;

/** Locks in an etcd cluster, through one member and under a lease made beforehand. */
export class StretchedLocks {
  readonly #client: Etcd3;
  readonly #lease: Lease;
  readonly #leaseId: string;

  private constructor(client: Etcd3, lease: Lease, leaseId: string) {
    this.#client = client;
    this.#lease = lease;
    this.#leaseId = leaseId;
  }

  static async open(url: string): Promise<StretchedLocks> {
    const client = new Etcd3({ hosts: url });
    const lease = client.lease(leaseS);
    return new StretchedLocks(client, lease, await lease.grant());
  }

  /** The least that a lock can be: one transaction that creates its key if there is none. */
  async tryAcquire(key: string): Promise<void> {
    const put = this.#client.put(key).value("bench").lease(this.#leaseId);
    const { succeeded } = await this.#client.if(key, "Create", "==", 0).then(put).commit();
    if (!succeeded) throw new Error(`${key} is held`);
  }

  async release(key: string): Promise<void> {
    await this.#client.delete().key(key);
  }

  /**
   * A place in a fair line, as in etcd's own recipe: a key, and the wait for that before it to go.
   * Where the recipe then reads from the leader, this reads from the member at hand: it has shown
   * that the key is gone, and no key can come to stand before ours. So a hand-over costs the least.
   */
  async standInLine(line: string, name: string): Promise<LinePlace> {
    const key = `${line}/${name}`;
    const { header } = await this.#client.put(key).value("bench").lease(this.#leaseId);
    const place = BigInt(header.revision);
    return { key, untilHead: () => this.#untilHead(line, place) };
  }

  /** Ends all waiting and every lock. */
  async close(): Promise<void> {
    await this.#lease.revoke().catch(() => {});
    this.#client.close();
  }

  async #untilHead(line: string, place: bigint): Promise<void> {
    for (;;) {
      const { kvs } = await this.#client
        .getAll()
        .prefix(`${line}/`)
        .maxCreateRevision(String(place - 1n))
        .sort("Create", "Descend")
        .limit(1)
        .serializable(true)
        .exec();
      const before = kvs[0];
      if (before === undefined) return;
      await this.#untilDeleted(before.key.toString(), BigInt(before.mod_revision) + 1n);
    }
  }

  async #untilDeleted(key: string, fromRevision: bigint): Promise<void> {
    const watcher = await this.#client
      .watch()
      .key(key)
      .startRevision(String(fromRevision))
      .create();
    await new Promise<void>((resolve, reject) => {
      watcher.on("delete", () => resolve());
      watcher.on("error", reject);
    });
    // Its end is nothing to wait for.
    void watcher.cancel().catch(() => {});
  }
}

/** One who stands in line. */
export interface LinePlace {
  readonly key: string;
  /** Resolves when nobody stands before it. */
  untilHead(): Promise<void>;
}
