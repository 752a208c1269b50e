import { Holdfast } from "@holdfast/client/holdfast";
import type { Contender } from "./contender.ts";

/**
 * Holdfast as its users have it: the SDK in this process, a router, a shard of three etcd members.
 */
export async function holdfast(router: string): Promise<Contender> {
  const client = await Holdfast.connect({ endpoints: [router], owner: "bench" });
  let count = 0;
  return {
    async turn(_worker, acquireMs) {
      const name = `bench/${(count++).toString(36).padStart(8, "0")}`;
      const startMs = performance.now();
      const lock = await client.acquire(name, { wait: 0 });
      acquireMs.push(performance.now() - startMs);
      const result = await lock.release();
      if (result !== "released") throw new Error(`a release answered "${result}"`);
      return 1;
    },
    close: () => client.close(),
  };
}
