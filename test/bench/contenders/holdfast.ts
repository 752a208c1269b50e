import { Holdfast } from "@holdfast/client/holdfast";
import type { Contender } from "./contender.ts";

/**
 * Holdfast as its users have it: the SDK in this process, a router, a shard of three etcd members.
 */
export async function holdfast(
  endpoints: readonly string[],
  scope: "local" | "global" = "local",
): Promise<Contender> {
  const client = await Holdfast.connect({ endpoints, owner: "bench" });
  // Loaders in several regions must not meet.
  const stem = `bench-${process.pid}`;
  let count = 0;
  return {
    async turn(_worker, acquireMs) {
      const name = `${stem}/${(count++).toString(36).padStart(8, "0")}`;
      const startMs = performance.now();
      const lock = await client.acquire(name, { wait: 0, scope });
      acquireMs.push(performance.now() - startMs);
      const result = await lock.release();
      if (result !== "released") throw new Error(`a release answered "${result}"`);
      return 1;
    },
    close: () => client.close(),
  };
}
