import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import type { Contender } from "./contender.ts";

/** Deletes the key only if it is still ours. */
const unlockScript = `
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`;

const ttlMs = 15_000;
/** What the algorithm takes off for clocks that drift: 1 % of the ttl and 2 ms. */
const driftMs = ttlMs * 0.01 + 2;

/** A client with our script as a command. */
type RedlockClient = Redis & { unlock(key: string, value: string): Promise<number> };

/**
 * Redlock as redis.io describes it, written here because the package of that name adds work of its
 * own: set on every server at once, granted by a majority within the ttl, deleted on all.
 */
export function redlock(ports: readonly number[]): Contender {
  const clients = ports.map((port) => {
    const client = new Redis({ host: "127.0.0.1", port, enableAutoPipelining: true });
    client.defineCommand("unlock", { numberOfKeys: 1, lua: unlockScript });
    return client as RedlockClient;
  });
  const majority = Math.floor(clients.length / 2) + 1;
  let count = 0;

  return {
    async turn(worker, acquireMs) {
      const key = `bench:${worker}:${count++}`;
      const value = randomBytes(16).toString("base64url");
      const startMs = performance.now();
      const granted = await inMajority(
        clients.map((client) => client.set(key, value, "PX", ttlMs, "NX")),
        (answer) => answer === "OK",
        majority,
      );
      const tookMs = performance.now() - startMs;
      if (!granted || tookMs > ttlMs - driftMs) throw new Error("redlock refused a free lock");
      acquireMs.push(tookMs);
      const released = await inMajority(
        clients.map((client) => client.unlock(key, value)),
        (answer) => answer === 1,
        majority,
      );
      if (!released) throw new Error("redlock lost a lock before its release");
      return 1;
    },
    async close() {
      for (const client of clients) client.disconnect();
    },
  };
}

/** Resolves as soon as a majority agrees or cannot any more; the others go on by themselves. */
function inMajority<T>(
  answers: readonly Promise<T>[],
  isYes: (answer: T) => boolean,
  majority: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    let yes = 0;
    let no = 0;
    const count = (agrees: boolean): void => {
      if (agrees) yes += 1;
      else no += 1;
      if (yes >= majority) resolve(true);
      if (no > answers.length - majority) resolve(false);
    };
    for (const answer of answers) {
      answer.then(
        (value) => count(isYes(value)),
        () => count(false),
      );
    }
  });
}
