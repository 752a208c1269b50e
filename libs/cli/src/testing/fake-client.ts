import type { GrantId } from "@holdfast/base/ids";
import type { Consistency, Scope } from "@holdfast/core/command/command";
import type { RegionVote } from "@holdfast/core/command/outcome";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { failureError } from "../cli-error.ts";
import type {
  AcquireRequest,
  ClientPort,
  HeldOutcome,
  LeasedOutcome,
  ListEntry,
  LocationView,
  LockView,
  ReadmissionView,
  RegionView,
  SessionView,
  ShardView,
  TenantView,
  VersionView,
  WatchEvent,
  WatchQuery,
} from "../connection/client-port.ts";
import type { Handle } from "../input/handle.ts";

/** A tenant with everything set, of which a test changes what it is about. */
export function tenant(changes: Partial<TenantView> = {}): TenantView {
  return {
    grantId: "AAAAAAAAAAAAAAAAAAAAAA",
    mode: "exclusive",
    owner: "alice@host",
    metadata: {},
    token: 17592186044417n,
    ageMs: 12_000,
    ttlMs: 30_000,
    hasSession: false,
    ...changes,
  };
}

/** A region in memory. What a test does not set is empty. */
export class FakeClient implements ClientPort {
  region = "us-east-1";
  readonly holders = new Map<string, TenantView[]>();
  waiters: TenantView[] = [];
  /** The next acquire's answer, where it is not what `holders` says. */
  acquireAnswer: ((request: AcquireRequest) => Promise<HeldOutcome>) | undefined;
  /** Thrown by every call that reaches a shard. */
  trouble: Error | undefined;
  events: WatchEvent[] = [];
  sessionViews: SessionView[] = [];
  shardViews: ShardView[] = [];
  regionViews: RegionView[] = [];
  votes: RegionVote[] = [];
  readmission: ReadmissionView[] = [];
  versionView: VersionView = {
    version: "1.2.3",
    cluster: "test",
    region: "us-east-1",
    routerId: "r1",
    store: "etcd",
    uptimeMs: 65_000,
  };
  readonly calls: string[] = [];
  readonly lost = new AbortController();
  releaseResult: "released" | "not-held" | "unknown" = "released";
  #lastToken = 17592186044416n;

  async acquireLeased(request: AcquireRequest): Promise<LeasedOutcome> {
    const outcome = await this.#acquire(request, false);
    if (outcome.kind !== "granted") return outcome;
    const { name, mode, ttlMs } = request;
    const { token } = outcome.held;
    const grantId = `${token}`.padEnd(22, "g");
    const lock = { region: this.#regionOf(request.scope), namespace: "default", name };
    const grant = { ...lock, mode, grantId, token, validForMs: 29_450 };
    const handle = { lock, mode, token, grantId: grantId as GrantId, ttlMs, repeated: false };
    return { kind: "granted", grant, handle };
  }

  acquireHeld(request: AcquireRequest): Promise<HeldOutcome> {
    return this.#acquire(request, true);
  }

  async release(handle: Handle): Promise<void> {
    this.#call(`release ${handle.lock.name} ${handle.token}`);
    const left = this.#holdersOf(handle.lock.name).filter(({ token }) => token !== handle.token);
    if (left.length === this.#holdersOf(handle.lock.name).length) {
      throw failureError({ kind: "failure", code: "NOT_HELD", message: "It is not held." });
    }
    this.holders.set(handle.lock.name, left);
  }

  async renew(handle: Handle, ttlMs: number): Promise<{ readonly validForMs: number }> {
    this.#call(`renew ${handle.lock.name} ${handle.token} ${ttlMs}`);
    return { validForMs: ttlMs - 550 };
  }

  async get(name: string, scope: Scope, consistency?: Consistency): Promise<LockView> {
    const cached = consistency === "cached";
    this.#call(`get ${name}${scope === "global" ? " global" : ""}${cached ? " cached" : ""}`);
    const holders = this.#holdersOf(name);
    const global = scope === "global";
    return {
      region: this.#regionOf(scope),
      namespace: "default",
      name,
      shard: global ? "" : "s0",
      slot: 42,
      ...(global && { votes: this.votes }),
      ...(cached && { ageMs: 1_200 }),
      holders,
      waiters: this.waiters,
      holderCount: holders.length,
      waiterCount: this.waiters.length,
    };
  }

  async *list(
    prefix: string,
    pageSize: number,
    scope: Scope,
    consistency: Consistency,
  ): AsyncIterable<ListEntry> {
    const cached = consistency === "cached" ? " cached" : "";
    this.#call(`list ${prefix} ${pageSize}${scope === "global" ? " global" : ""}${cached}`);
    for (const [name, holders] of this.holders) {
      if (name.startsWith(prefix)) for (const holder of holders) yield { name, holder };
    }
  }

  async *watch(query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const global = query.scope === "global" ? " global" : "";
    this.#call(`watch ${query.name} ${query.prefix} ${query.withCurrent}${global}`);
    yield* this.events;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  async *sessions(): AsyncIterable<SessionView> {
    yield* this.sessionViews;
  }

  async shards(): Promise<readonly ShardView[]> {
    this.#call("shards");
    return this.shardViews;
  }

  async locate(name: string): Promise<LocationView> {
    this.#call(`locate ${name}`);
    return { region: this.region, slot: 42, shard: "s0", placementVersion: 3 };
  }

  async regions(): Promise<readonly RegionView[]> {
    return this.regionViews;
  }

  async *readmit(region: string): AsyncIterable<ReadmissionView> {
    this.#call(`readmit ${region}`);
    yield* this.readmission;
  }

  async version(): Promise<VersionView> {
    return this.versionView;
  }

  async close(): Promise<void> {
    this.calls.push("close");
  }

  async #acquire(request: AcquireRequest, hasSession: boolean): Promise<HeldOutcome> {
    const { name, mode, ttlMs, metadata, scope } = request;
    const global = scope === "global" ? " global" : "";
    this.#call(`acquire ${name} ${mode} ttl=${ttlMs} wait=${request.waitMs}${global}`);
    if (this.acquireAnswer !== undefined) return await this.acquireAnswer(request);
    const holders = this.#holdersOf(name);
    if (holders.some((holder) => holder.mode === "exclusive" || mode === "exclusive")) {
      const kind = request.waitMs === 0 ? "held" : "timeout";
      return { kind, holders, queueLength: this.waiters.length };
    }
    const token = ++this.#lastToken;
    this.holders.set(name, [...holders, tenant({ mode, metadata, token, ttlMs, hasSession })]);
    const release = async () => {
      this.calls.push(`release held ${name}`);
      this.holders.delete(name);
      return this.releaseResult;
    };
    const held = { region: this.#regionOf(scope), token, lost: this.lost.signal, release };
    return { kind: "granted", held };
  }

  #regionOf(scope: Scope): string {
    return scope === "global" ? globalRegion : this.region;
  }

  #holdersOf(name: string): TenantView[] {
    return this.holders.get(name) ?? [];
  }

  #call(what: string): void {
    this.calls.push(what.trimEnd());
    if (this.trouble !== undefined) throw this.trouble;
  }
}
