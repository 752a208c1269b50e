import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import { EtcdWitness } from "./etcd-witness.ts";
import { proposalsCommitted } from "./proposals.ts";
import type { DrilledRegion } from "./region.ts";

/** How many wait, and through what. */
export interface WaitersDrill {
  readonly lockName: string;
  readonly waiters: number;
  readonly releases: number;
  /** Each has its own connection, and its own session for each thousand locks. */
  readonly clients: number;
  /** Each client uses one of them: the first uses the first, and so on in turn. */
  readonly endpoints: readonly string[];
}

/** What etcd's own history says of it. */
export interface WaitersResult {
  readonly queued: number;
  readonly releases: number;
  /** Hand-overs made by the very transaction that took the lock from the one before. */
  readonly handOvers: number;
  /** Keys of exclusive holders that were made meanwhile. */
  readonly grants: number;
  /** Transactions that made or deleted a holder meanwhile. */
  readonly holderRevisions: number;
  /**
   * Transactions that wrote anything meanwhile, and all that etcd agreed on: more than the releases
   * where a client changes its router meanwhile and repeats all of its waits.
   */
  readonly revisions: number;
  readonly proposals: number;
  /** Grants that were made to another than the one longest in line. */
  readonly outOfOrder: number;
  /** Holders and waiters left after the clients were closed. */
  readonly left: number;
  readonly queueMs: number;
  readonly handOverMsMean: number;
}

const waveSize = 500;

/** Stands many requests in line for one lock, lets it go from hand to hand, and closes them all. */
export async function runWaitersDrill(
  region: DrilledRegion,
  { lockName, waiters, releases, clients: clientsCount, endpoints }: WaitersDrill,
): Promise<WaitersResult> {
  const witness = await EtcdWitness.watch(region.etcd.endpoints, lockName);
  const clients: Holdfast[] = [];
  const requests: Promise<void>[] = [];
  let next = turn();
  try {
    for (let index = 0; index < clientsCount; index++) {
      const endpoint = endpoints[index % endpoints.length]!;
      clients.push(
        await Holdfast.connect({ endpoints: [endpoint], owner: `waiter${index}`, ttl: "60s" }),
      );
    }
    let holder = await clients[0]!.acquire(lockName, { wait: 0 });
    const startMs = performance.now();
    let refused: unknown;
    const ask = (index: number): Promise<void> =>
      clients[index % clientsCount]!.acquire(lockName, { wait: "1h" }).then(
        (lock) => next.resolve(lock),
        (error: unknown) => {
          refused ??= error;
          next.reject(error);
        },
      );
    // In waves: how long ten thousand take at once is the machine's business, not this drill's.
    for (let asked = 0; asked < waiters; ) {
      const until = Math.min(waiters, asked + waveSize);
      while (asked < until) requests.push(ask(asked++));
      while (refused === undefined && (await witness.count("q")) < until) await sleep(50);
      if (refused !== undefined) throw refused;
    }
    const queueMs = performance.now() - startMs;
    const places = await witness.count("q");

    const before = {
      revision: await witness.revision(),
      proposals: await proposalsCommitted(region.etcd),
    };
    const handMs = performance.now();
    for (let done = 0; done < releases; done++) {
      next = turn();
      const [lock] = await Promise.all([next.promise, holder.release()]);
      holder = lock;
    }
    const handOverMsMean = (performance.now() - handMs) / releases;
    const revision = await witness.revision();
    const proposals = (await proposalsCommitted(region.etcd)) - before.proposals;
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(requests);
    const left = await emptied(witness);
    if (witness.broken) throw new Error("the watch of etcd's history was cut");
    const counted = countHandOvers(witness, before.revision, revision);
    const figures = { queued: places, releases, proposals, left, queueMs, handOverMsMean };
    return { ...figures, ...counted, revisions: Number(revision - before.revision) };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.allSettled(requests);
    witness.close();
  }
}

/** The next grant. The waits that closing the clients ends reject with nobody listening. */
function turn(): PromiseWithResolvers<Lock> {
  const next = Promise.withResolvers<Lock>();
  next.promise.catch(() => {});
  return next;
}

function countHandOvers(witness: EtcdWitness, from: bigint, until: bigint) {
  const measured = witness.changes.filter(({ revision }) => revision > from && revision <= until);
  const places = new Map(
    witness.changes
      .filter(({ kind, what }) => kind === "q" && what === "put")
      .map(({ grantId, createRevision }) => [grantId, createRevision]),
  );
  const grants = measured.filter(({ kind, what }) => kind === "x" && what === "put");
  const ends = measured.filter(({ kind, what }) => kind === "x" && what === "delete");
  const holderRevisions = new Set([...grants, ...ends].map(({ revision }) => revision)).size;
  const endRevisions = new Set(ends.map(({ revision }) => revision));
  const line = grants.map(({ grantId }) => places.get(grantId) ?? 0n);
  return {
    grants: grants.length,
    holderRevisions,
    handOvers: grants.filter(({ revision }) => endRevisions.has(revision)).length,
    // Places that were taken in one transaction are in no order among themselves.
    outOfOrder: line.filter((place, index) => place < (line[index - 1] ?? 0n)).length,
  };
}

/** What is left of holders and waiters once everything that is under way has ended, up to 20 s. */
async function emptied(witness: EtcdWitness): Promise<number> {
  for (let tries = 0; ; tries++) {
    const left = (await witness.count("x")) + (await witness.count("q"));
    if (left === 0 || tries === 40) return left;
    await sleep(500);
  }
}
