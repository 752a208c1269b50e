import { hostname } from "node:os";
import { SystemClock } from "@holdfast/base/clock";
import { SystemRandom } from "@holdfast/base/random";
import type { ClientParts } from "./client-parts.ts";
import { clientVersion } from "./client-version.ts";
import { connectParts } from "./connect-parts.ts";
import { Admin } from "./grpc/admin.ts";
import { GrpcCalls } from "./grpc/grpc-calls.ts";
import { GrpcDirectory } from "./grpc/grpc-directory.ts";
import { GrpcTransport } from "./grpc/grpc-transport.ts";
import { OwnIdentity } from "./grpc/own-identity.ts";
import { HoldfastClient } from "./holdfast-client.ts";
import type { ClientDefaults, ClientOptions } from "./options.ts";

/** A client of Holdfast. */
export class Holdfast extends HoldfastClient {
  readonly #calls: GrpcCalls;
  readonly #endpoint: () => string;

  private constructor(parts: ClientParts, defaults: ClientDefaults, calls: GrpcCalls) {
    super(parts, defaults);
    this.#calls = calls;
    this.#endpoint = () => parts.core.link.endpointFor(0);
  }

  /**
   * Connects to the nearest of the endpoints that answers; throws SHARD_UNAVAILABLE when none does
   * within `requestTimeout`. Close the client when done: an open one keeps the process alive.
   */
  static async connect(options: ClientOptions): Promise<Holdfast> {
    // Else a process that waits for its first router, or for the next one, would end in mid-wait.
    const clock = new SystemClock({ keepsAlive: true });
    const tls = options.tls && new OwnIdentity(options.tls);
    const calls = new GrpcCalls(clock, tls);
    // Short enough for global locks too.
    const owner = options.owner ?? `${hostname().slice(0, 48)}:${process.pid}`;
    const transport = new GrpcTransport(
      clock,
      { name: "holdfast-sdk", version: clientVersion },
      tls,
    );
    const random = new SystemRandom();
    const directory = new GrpcDirectory(calls);
    try {
      const { parts, defaults } = await connectParts(
        { ...options, owner },
        { transport, clock, random, directory },
      );
      return new Holdfast(parts, defaults, calls);
    } catch (error) {
      calls.close();
      throw error;
    }
  }

  /** What an endpoint says of its region; the endpoint in use if none is named. */
  admin(endpoint: string = this.#endpoint()): Admin {
    return new Admin(this.#calls, endpoint);
  }

  override async close(): Promise<void> {
    await super.close();
    this.#calls.close();
  }
}
