import { Etcd3 } from "etcd3";
import type { Contender } from "./contender.ts";

/**
 * The Lock that comes with etcd3: a lease grant, then a transaction; the release revokes the lease.
 * No fencing token, and it does not wait.
 */
export function etcd3Lock(hosts: readonly string[]): Contender {
  const client = new Etcd3({ hosts: [...hosts] });
  let count = 0;
  return {
    async turn(worker, acquireMs) {
      const lock = client.lock(`bench/${worker}/${count++}`).ttl(15);
      const startMs = performance.now();
      await lock.acquire();
      acquireMs.push(performance.now() - startMs);
      await lock.release();
      return 1;
    },
    async close() {
      client.close();
    },
  };
}
