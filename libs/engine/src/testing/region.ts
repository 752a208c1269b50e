import { Cancellation } from "@holdfast/base/cancellation";
import { digest132 } from "@holdfast/base/digest";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { randomUuid, SeededRandom } from "@holdfast/base/random";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import { LocalLocks } from "../local-locks.ts";
import { MemoryShardStore } from "../memory/memory-shard-store.ts";
import { PlacementPublisher } from "../placement.ts";
import type { Call } from "../ports/lock-tier.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import { Router } from "../router.ts";
import { makeShard } from "../shard.ts";

/** A hash good enough for tests: the engine takes whatever it is given. */
export function testHash(text: string): bigint {
  return BigInt.asUintN(64, Buffer.from(digest132(text), "base64url").readBigUInt64BE());
}

/** A region in memory with any number of routers, driven by hand. */
export class TestRegion {
  readonly clock = new ManualClock();
  readonly random = new SeededRandom(7);
  readonly stores: readonly ShardStore[];
  readonly routers: Router[] = [];
  readonly locals: LocalLocks[] = [];

  constructor(shardCount = 2, wrap: (store: ShardStore) => ShardStore = (store) => store) {
    this.stores = Array.from({ length: shardCount }, () =>
      wrap(new MemoryShardStore({ clock: this.clock, random: this.random })),
    );
  }

  /** Publishes the placement and starts `count` routers. */
  async start(count = 1): Promise<void> {
    const publisher = new PlacementPublisher({
      cluster: "test",
      region: "here",
      shards: this.#shards(),
      weights: new Map(),
      hierarchical: ["tree"],
      hash: testHash,
      surroundings: this,
    });
    const placement = await publisher.publish();
    if ("kind" in placement) throw new Error(placement.message);
    for (let index = 0; index < count; index++) {
      const local = new LocalLocks({
        cluster: "test",
        region: "here",
        shards: this.#shards(),
        hash: testHash,
        surroundings: this,
      });
      await local.start();
      this.locals.push(local);
      this.routers.push(new Router({ local, peers: new Map() }));
    }
  }

  /** A session of `ttlMs`, opened through the first router. */
  async open(ttlMs = 10_000): Promise<SessionId> {
    const outcome = await this.router().execute(
      {
        kind: "open-session",
        region: "here",
        ttlMs,
        requestId: randomUuid(this.random) as RequestId,
      },
      call(),
    );
    if (outcome.kind !== "opened") throw new Error(outcome.message);
    return outcome.session;
  }

  /** An exclusive try for "l" unless `command` says otherwise. */
  acquire(
    command: Partial<AcquireCommand>,
    router = 0,
    surroundings: Partial<Call> = {},
  ): Promise<AcquireOutcome> {
    return this.router(router).execute(acquireCommand(this.random, command), {
      ...call(),
      ...surroundings,
    });
  }

  /** As {@link acquire}, where anything but a grant is a failed test. */
  async grant(command: Partial<AcquireCommand>, router = 0): Promise<Grant> {
    const outcome = await this.acquire(command, router);
    if (outcome.kind !== "granted") throw new Error(`not granted: ${JSON.stringify(outcome)}`);
    return outcome.grant;
  }

  release(grant: Grant, session: SessionId | undefined, router = 0, repeated = false) {
    const { lock, grantId, token, mode } = grant;
    return this.router(router).execute(
      {
        kind: "release",
        lock,
        grantId,
        token,
        mode,
        repeated,
        ...(session === undefined ? {} : { session }),
      },
      call(),
    );
  }

  router(index = 0): Router {
    const router = this.routers[index];
    if (router === undefined) throw new Error(`no router ${index}`);
    return router;
  }

  #shards() {
    return this.stores.map((store, index) => makeShard("here", `s${index}`, store, this));
  }
}

/** A call nobody cancels, without a deadline. */
export function call(): Call {
  return { cancellation: new Cancellation(), hops: 0, onCallerLost: "cancel" };
}

function acquireCommand(random: SeededRandom, command: Partial<AcquireCommand>): AcquireCommand {
  return {
    kind: "acquire",
    lock: { region: "here", namespace: "default", name: "l" },
    scope: "local",
    mode: "exclusive",
    requestId: randomUuid(random) as RequestId,
    waitMs: 0,
    owner: "test",
    metadata: {},
    ...command,
  };
}
