import { SystemClock } from "@holdfast/base/clock";
import { clientTlsOptions, ownFault, type TlsIdentity } from "@holdfast/base/tls/material";
import { tlsAdvice } from "@holdfast/base/tls/trouble";
import {
  assertKeys,
  assertWrites,
  type Cache,
  type CacheReadReply,
  type CacheUnavailable,
  type CacheWrite,
  type CacheWriteReply,
  cacheLimits,
} from "@holdfast/engine/ports/cache";
import { Redis } from "ioredis";
import { decodeEntry, encodeEntry, headBytes } from "./entry-codec.ts";
import { readScript, writeScript } from "./scripts.ts";

/** How long one call may take, in ms: the most that a slow Redis adds to an answer. */
const budgetDefaultMs = 50;
/** A connection on which something was asked and nothing comes back is made anew, in ms. */
const silenceMs = 1_000;
const connectMs = 1_000;
/** Between two attempts to connect, in ms. */
const reconnectMs = { first: 50, most: 1_000 };

/** Which Redis, and who hears of it. */
export interface RedisCacheOptions {
  /** `redis://user:password@host:port/database`, or `rediss://` over TLS; never told to anybody. */
  readonly url: string;
  /** For `rediss://`; the system's authorities, and no certificate of our own, if left out. */
  readonly tls?: TlsIdentity | undefined;
  /** The longest a call may take, in ms; 50 if left out. */
  readonly budgetMs?: number;
  /** Hears when the connection is there and when it is lost, each once. */
  readonly onConnection?: (state: "connected" | "lost", message: string) => void;
}

/**
 * A cache in one Redis, or in the primary of one that is replicated; not in a cluster of several,
 * whose keys lie apart. It never waits for a connection, and asks nothing twice.
 */
export class RedisCache implements Cache {
  readonly #redis: Redis;
  readonly #clock = new SystemClock();
  /** Of `rediss://`, where a certificate may be shown. */
  readonly #tls: TlsIdentity | undefined;
  readonly #host: string;
  readonly #tell: (state: "connected" | "lost", message: string) => void;
  #state: "connected" | "lost" | undefined;
  #problem = "not connected yet";
  /** The handshake is done on our side, and Redis has not answered anything yet. */
  #isUnheard = false;

  constructor({
    url,
    tls,
    budgetMs = budgetDefaultMs,
    onConnection = () => {},
  }: RedisCacheOptions) {
    this.#tell = onConnection;
    this.#host = new URL(url).host;
    this.#tls = url.startsWith("rediss:") ? tls : undefined;
    this.#redis = new Redis(url, {
      // Read anew by every connection: the client keeps the object as it is.
      ...(this.#tls !== undefined && { tls: clientTlsOptions(this.#tls) }),
      connectionName: "holdfast",
      commandTimeout: budgetMs,
      socketTimeout: silenceMs,
      connectTimeout: connectMs,
      // What cannot be asked now is not asked later: by then somebody has read the store.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * reconnectMs.first, reconnectMs.most),
      // A primary that has become a replica: its address may be somebody else's by now.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
    });
    this.#redis.on("connect", () => {
      this.#isUnheard = true;
    });
    this.#redis.on("ready", () => {
      this.#isUnheard = false;
      this.#changed("connected", "connected");
    });
    // Without a listener an error of the connection would end the process.
    this.#redis.on("error", (error: Error) => {
      const trouble = tlsAdvice(error) ?? this.#hungUp(error);
      this.#problem = trouble === undefined ? problemOf(error) : `${this.#host}: ${trouble}`;
    });
    this.#redis.on("close", () => this.#changed("lost", this.#problem));
  }

  async read(keys: readonly string[]): Promise<CacheReadReply> {
    assertKeys(keys);
    const { ttlMsMax, valueBytesMax } = cacheLimits;
    try {
      const bounds = [ttlMsMax, headBytes + valueBytesMax];
      const asked = [readScript, keys.length, ...keys, ...bounds];
      const found = await this.#redis.callBuffer("EVAL", ...asked);
      if (!Array.isArray(found)) return this.#unavailable(new Error("not an answer to a read"));
      const entries = found.map((each) => (Buffer.isBuffer(each) ? decodeEntry(each) : undefined));
      return { kind: "read", entries: keys.map((_, index) => entries[index]) };
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  async write(entries: readonly CacheWrite[]): Promise<CacheWriteReply> {
    assertWrites(entries);
    const keys = entries.map(({ key }) => key);
    const written = entries.flatMap((entry) => [encodeEntry(entry), entry.ttlMs]);
    try {
      const bounds = [cacheLimits.ttlMsMax, headBytes];
      const asked = [writeScript, keys.length, ...keys, ...bounds, ...written];
      const outrun = await this.#redis.call("EVAL", ...asked);
      return { kind: "written", outrun: Number(outrun) };
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  /** Lets go of the connection; what is under way is `unavailable`. */
  close(): void {
    this.#state = "lost";
    this.#redis.disconnect();
  }

  /**
   * What may be behind a connection that broke before it was used: Redis says what it has against
   * our certificate and hangs up, and what we send meanwhile can make us miss that.
   */
  #hungUp({ message }: Error): string | undefined {
    if (this.#tls === undefined || !this.#isUnheard) return undefined;
    if (!/ECONNRESET|EPIPE/.test(message)) return undefined;
    const fault = ownFault(this.#tls.current, this.#clock.wallMs());
    return `it hung up: ${fault ?? "it may not accept our certificate"}`;
  }

  #changed(state: "connected" | "lost", message: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell(state, message);
  }

  #unavailable(error: unknown): CacheUnavailable {
    return { kind: "unavailable", message: problemOf(error) };
  }
}

/** One line; a refused script would otherwise bring its own text along. */
function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ""] = message.split("\n");
  return line.slice(0, 200);
}
