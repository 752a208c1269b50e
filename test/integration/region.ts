import assert from "node:assert/strict";
import { inspect } from "node:util";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { Cancellation } from "@holdfast/base/cancellation";
import { SystemClock } from "@holdfast/base/clock";
import type { Failure } from "@holdfast/base/failure";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { randomUuid, SystemRandom } from "@holdfast/base/random";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant, LockState, OutcomeOf } from "@holdfast/core/command/outcome";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { isSite, locate } from "@holdfast/engine/local-context";
import { LocalLocks } from "@holdfast/engine/local-locks";
import type { LockSite } from "@holdfast/engine/lock-site";
import { PlacementPublisher } from "@holdfast/engine/placement";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { Router } from "@holdfast/engine/router";
import { makeShard, type Shard } from "@holdfast/engine/shard";
import xxhash from "xxhash-wasm";
import { Gate } from "./gate.ts";
import { until } from "./until.ts";

const { h64 } = await xxhash();
const surroundings = { clock: new SystemClock(), random: new SystemRandom() };

/** What a {@link Region} is made of. */
export interface RegionOptions {
  /** URLs the router reaches its shards at: s0, s1, … */
  readonly urls: readonly string[];
  /** URLs of the same shards for looking past the router; the same ones if absent. */
  readonly directUrls?: readonly string[];
  readonly cluster?: string;
  /** Longest time for one call to etcd, in milliseconds. */
  readonly deadlineMs?: number;
  /** Batches under way at once. */
  readonly inFlightMax?: number;
}

/** A region over real shards with one router in this process. */
export class Region implements AsyncDisposable {
  readonly locals: LocalLocks;
  readonly shards: readonly Shard[];
  /** Between the engine and each shard. */
  readonly gates: readonly Gate[];
  /** Past router and gate. */
  readonly direct: readonly EtcdShardStore[];
  readonly #cluster: string;
  readonly #router: Router;
  readonly #stores: readonly EtcdShardStore[];

  constructor(options: RegionOptions) {
    const { urls, directUrls = urls, cluster = "test", deadlineMs, inFlightMax } = options;
    const open = (url: string, index: number, deadline: { deadlineMs?: number } = {}) =>
      new EtcdShardStore({
        endpoints: url.split(","),
        region: "here",
        shard: `s${index}`,
        ...deadline,
      });
    this.#cluster = cluster;
    this.#stores = urls.map((url, index) =>
      open(url, index, deadlineMs === undefined ? {} : { deadlineMs }),
    );
    this.direct = directUrls.map((url, index) => open(url, index));
    this.gates = this.#stores.map((store) => new Gate(store));
    const committer = inFlightMax === undefined ? {} : { inFlightMax };
    this.shards = this.gates.map((gate, index) =>
      makeShard("here", `s${index}`, gate, surroundings, committer),
    );
    this.locals = new LocalLocks({
      cluster,
      region: "here",
      shards: this.shards,
      hash: h64,
      surroundings,
    });
    this.#router = new Router({ local: this.locals, peers: new Map() });
  }

  /** Does what the placement service does, past the router. */
  async publish(): Promise<Failure | undefined> {
    const publisher = new PlacementPublisher({
      cluster: this.#cluster,
      region: "here",
      shards: this.direct.map((store, index) =>
        makeShard("here", `s${index}`, store, surroundings),
      ),
      weights: new Map(),
      hierarchical: ["tree"],
      hash: h64,
      surroundings,
    });
    const published = await publisher.publish();
    return "kind" in published ? published : undefined;
  }

  /** Publishes, and starts the router. */
  async start(): Promise<this> {
    assert.equal(await this.publish(), undefined);
    await this.locals.start();
    return this;
  }

  execute<C extends Command>(command: C, call: Partial<Call> = {}): Promise<OutcomeOf<C>> {
    return this.#router.execute(command, callWith(call));
  }

  /** Opens a session; anything else is a failed test. */
  async open(ttlMs = 60_000): Promise<SessionId> {
    const outcome = await this.execute({
      kind: "open-session",
      region: "here",
      ttlMs,
      requestId: newRequestId(),
    });
    assert(outcome.kind === "opened", inspect(outcome));
    return outcome.session;
  }

  /** An exclusive try for `name`, unless `more` says otherwise. */
  acquire(name: string, more: Partial<AcquireCommand>, call?: Partial<Call>) {
    return this.execute(acquireOf(name, more), call);
  }

  /** As {@link acquire}, where anything but a grant is a failed test. */
  async grant(name: string, more: Partial<AcquireCommand>): Promise<Grant> {
    return grantIn(await this.acquire(name, more));
  }

  release(grant: Grant, session?: SessionId, repeated = false) {
    const { lock, grantId, token, mode } = grant;
    const whose = session === undefined ? {} : { session };
    return this.execute({ kind: "release", lock, grantId, token, mode, repeated, ...whose });
  }

  /** The name of a lock that lives in a shard. */
  nameIn(shard: number): string {
    for (let index = 0; ; index++) {
      const name = `lock-${index}`;
      if (this.#site(name).shard.name === `s${shard}`) return name;
    }
  }

  /** Waits until the router knows of `count` waiters for a lock. */
  async inLine(name: string, count: number): Promise<void> {
    const { queues } = this.locals.context;
    await until(`${count} in line`, () => queues.find(this.#site(name))?.length === count);
  }

  #site(name: string): LockSite {
    const site = locate(this.locals.context, lockNamed(name));
    assert(isSite(site), inspect(site));
    return site;
  }

  /** What the router says of a lock; anything else is a failed test. */
  async state(name: string): Promise<LockState> {
    const state = await this.execute({ kind: "get", lock: lockNamed(name) });
    assert(state.kind === "lock", inspect(state));
    return state;
  }

  /** The first page of all locks in the default namespace. */
  list() {
    const query = { region: "here", namespace: "default", prefix: "", pageSize: 100 };
    return this.#router.list({ ...query, pageToken: "" }, callWith({}));
  }

  /** The keys in a shard that begin with `prefix`, seen past the router. */
  async keys(prefix: string, shard = 0): Promise<readonly KeyValue[]> {
    const reply = await this.store(shard).range({
      kind: "range",
      key: prefix,
      rangeEnd: `${prefix}\x7f`,
    });
    assert(reply.kind === "read", inspect(reply));
    return reply.range.kvs;
  }

  /** Deletes every key of a shard, past the router: what is left of one whose disk is gone. */
  async wipe(shard = 0): Promise<void> {
    const wiped = await this.store(shard).commit({
      compares: [],
      success: [{ kind: "delete", key: " ", rangeEnd: "\x7f" }],
      failure: [],
    });
    assert.equal(wiped.kind, "committed");
  }

  /** A way to the shard past the router. */
  store(shard = 0): EtcdShardStore {
    const store = this.direct[shard];
    assert(store !== undefined, `no shard ${shard}`);
    return store;
  }

  shard(index = 0): Shard {
    const shard = this.shards[index];
    assert(shard !== undefined, `no shard ${index}`);
    return shard;
  }

  gate(shard = 0): Gate {
    const gate = this.gates[shard];
    assert(gate !== undefined, `no shard ${shard}`);
    return gate;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.locals.stop();
    for (const store of [...this.#stores, ...this.direct]) store.close();
  }
}

/** A region over one shard that was emptied before, with its router started. */
export async function freshRegion(
  url: string,
  options: Omit<RegionOptions, "urls" | "directUrls"> & { readonly through?: string } = {},
): Promise<Region> {
  const { through = url, ...rest } = options;
  const region = new Region({ ...rest, urls: [through], directUrls: [url] });
  await region.wipe();
  return region.start();
}

/** An acquire as a client sends it. */
export function acquireOf(name: string, more: Partial<AcquireCommand>): AcquireCommand {
  return {
    kind: "acquire",
    lock: lockNamed(name),
    scope: "local",
    mode: "exclusive",
    requestId: newRequestId(),
    waitMs: 0,
    owner: "test",
    metadata: {},
    ...more,
  };
}

/** The grant in an outcome; anything else is a failed test. */
export function grantIn(outcome: AcquireOutcome): Grant {
  assert(outcome.kind === "granted", `not granted: ${inspect(outcome)}`);
  return outcome.grant;
}

function callWith(call: Partial<Call>): Call {
  return { cancellation: new Cancellation(), hops: 0, onCallerLost: "cancel", ...call };
}

/** The failure's code, or what kind of outcome it is. */
export function codeOf(outcome: { readonly kind: string; readonly code?: string }): string {
  return outcome.code ?? outcome.kind;
}

/** `tree:a/b` lies in the hierarchical namespace, every other name in the default one. */
export function lockNamed(name: string) {
  const [namespace, path] = name.startsWith("tree:") ? ["tree", name.slice(5)] : ["default", name];
  return { region: "here", namespace, name: path };
}

export function newRequestId(): RequestId {
  return randomUuid(surroundings.random) as RequestId;
}
