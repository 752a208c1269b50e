import { failure } from "@holdfast/base/failure";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type {
  AcquireOutcome,
  Outcome,
  OutcomeOf,
  RegionVote,
  Tenant,
} from "@holdfast/core/command/outcome";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { globalRegion, isGlobal, type LockId, lockKey } from "@holdfast/core/lock/lock-id";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "@holdfast/engine/ports/lock-tier";

/** What the fake was asked. */
export interface Asked {
  readonly command: Command;
  readonly call: Call;
}

/** A tier of one exclusive holder a lock, in memory and at once: enough to see the door at work. */
export class FakeTier implements LockTier {
  readonly asked: Asked[] = [];
  readonly watchers = new Map<(event: LockEvent) => void, WatchQuery>();
  /** Answers instead of the fake where it gives something. */
  instead: (command: Command, call: Call) => Promise<Outcome> | undefined = () => undefined;
  readonly #holders = new Map<string, Tenant>();
  #token = 0n;

  async execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    this.asked.push({ command, call });
    const outcome = await (this.instead(command, call) ?? this.#answer(command));
    return outcome as OutcomeOf<C>;
  }

  async list(query: ListQuery): Promise<ListPage> {
    const locks = [...this.#holders].flatMap(([key, holder]) => {
      const [region = "", namespace = "", ...segments] = key.split("/");
      const lock: LockId = { region, namespace, name: segments.join("/") };
      return lock.name.startsWith(query.prefix) ? { lock, holder } : [];
    });
    return { kind: "page", locks: locks.slice(0, query.pageSize), nextPageToken: "" };
  }

  watch(query: WatchQuery, listener: (event: LockEvent) => void, call: Call) {
    this.watchers.set(listener, query);
    return new Promise<undefined>((resolve) => {
      call.cancellation.onCancel(() => {
        this.watchers.delete(listener);
        resolve(undefined);
      });
    });
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const outcomes: AcquireOutcome[] = [];
    for (const acquire of request.acquires) outcomes.push(await this.execute(acquire, call));
    return { kind: "many", outcomes };
  }

  #answer(command: Command): Outcome {
    switch (command.kind) {
      case "acquire":
        return this.#acquire(command);
      case "release": {
        const holder = this.#holders.get(lockKey(command.lock));
        if (holder?.grantId !== command.grantId || holder.token !== command.token) {
          return failure("NOT_HELD", "Somebody else has it, or nobody.");
        }
        this.#holders.delete(lockKey(command.lock));
        return { kind: "released", handedOver: false };
      }
      case "force-release": {
        const holder = this.#holders.get(lockKey(command.lock));
        this.#holders.delete(lockKey(command.lock));
        return { kind: "force-released", released: holder === undefined ? [] : [holder] };
      }
      case "get": {
        const holder = this.#holders.get(lockKey(command.lock));
        const holders = holder === undefined ? [] : [holder];
        return {
          kind: "lock",
          lock: command.lock,
          shard: "s0",
          slot: 7,
          holders,
          waiters: [],
          holderCount: holders.length,
          waiterCount: 0,
          revision: 9n,
          ...(isGlobal(command.lock) && {
            votes: fakeRegions.map((region) => voteOf(region, holder)),
          }),
        };
      }
      case "renew":
        return { kind: "renewed", validForMs: 1_000 };
      case "cancel":
        return { kind: "cancelled", found: false };
      case "open-session":
        return {
          kind: "opened",
          session: "S".repeat(22) as SessionId,
          ttlMs: command.ttlMs,
          lease: lease(command.region === globalRegion ? fakeRegions[0] : command.region),
          validForMs: command.ttlMs,
        };
      case "heartbeat":
        return { kind: "heartbeat", leases: [] };
      case "close-session":
        return { kind: "closed" };
    }
  }

  #acquire(command: AcquireCommand): AcquireOutcome {
    const key = lockKey(command.lock);
    const grantId = grantIdOf(command.session, command.requestId);
    const holder = this.#holders.get(key);
    if (holder !== undefined && holder.grantId !== grantId) {
      return { kind: "held", holders: [holder], queueLength: 0, retryAfterMs: 10 };
    }
    this.#token += 1n;
    const tenant: Tenant = {
      grantId,
      mode: command.mode,
      owner: command.owner,
      metadata: command.metadata,
      token: this.#token,
      ageMs: 0,
      hasSession: command.session !== undefined,
      ttlMs: command.ttlMs ?? 15_000,
    };
    this.#holders.set(key, tenant);
    return {
      kind: "granted",
      grant: {
        lock: command.lock,
        grantId,
        mode: command.mode,
        token: tenant.token,
        validForMs: 1_000,
        validFrom: "first-send",
        ...(isGlobal(command.lock) ? globalBacking : localBacking(command.lock.region)),
      },
    };
  }
}

/** The regions that the fake's global locks are decided by. */
export const fakeRegions = ["us-east-1", "us-west-2", "eu-west-1"] as const;

const globalBacking = {
  lease: lease(fakeRegions[0]),
  regions: fakeRegions,
  confirmed: fakeRegions.map((region) => ({ lease: lease(region), validForMs: 1_000 })),
};

function localBacking(region: string) {
  return { lease: lease(region), regions: [region] };
}

function voteOf(region: string, holder: Tenant | undefined): RegionVote {
  return {
    region,
    reachable: true,
    problem: "",
    rttMs: 1,
    ballot: holder === undefined ? "" : "3.1.1",
    version: holder === undefined ? 0 : 2,
    token: holder?.token ?? 0n,
    live: holder === undefined ? [] : [holder.grantId],
  };
}

function lease(region: string) {
  return { region, shard: "s0", leaseId: 7n as LeaseId };
}
