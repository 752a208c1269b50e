import { digest132 } from "@holdfast/base/digest";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type {
  AcquireCommand,
  CancelCommand,
  OpenSessionCommand,
} from "@holdfast/core/command/command";
import type {
  AcquireOutcome,
  CancelOutcome,
  OpenSessionOutcome,
} from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import type { Abandoned } from "./abandoned.ts";
import { acquireMany } from "./acquire-many.ts";
import { DelegatedRequest } from "./delegated-request.ts";
import { answerMs, type GlobalContext } from "./global-context.ts";
import { isPassedOn } from "./global-elsewhere.ts";
import { stopping, unanswered } from "./global-refusals.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import type { GlobalRelease } from "./global-release.ts";
import { GlobalAcquireRun } from "./global-request.ts";
import { isSite, locate } from "./local-context.ts";
import { ownSession } from "./own-session.ts";
import type { AcquireManyOutcome, AcquireManyRequest, Call, LockTier } from "./ports/lock-tier.ts";
import type { GlobalLockId, MetSession } from "./ports/voting-region.ts";
import { requestOf } from "./request.ts";
import { SessionEverywhere } from "./session-everywhere.ts";
import { sessionIdOf, tooManyLocks } from "./sessions.ts";

/** Sessions whose ttl is kept in mind. */
const sessionsMax = 100_000;
/** Cancelled requests that are kept in mind. */
const cancelledMax = 10_000;

/** Takes global locks. */
export class GlobalAcquire {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;
  readonly #release: GlobalRelease;
  readonly #abandoned: Abandoned;
  readonly #ttls = new Map<SessionId, number>();
  readonly #running = new Map<string, GlobalAcquireRun>();
  /** Requests that nobody wants any more, and whether their end is certain: no copy is asked. */
  readonly #cancelled = new Map<string, boolean>();
  #isRetiring = false;

  constructor(
    context: GlobalContext,
    registers: GlobalRegisters,
    release: GlobalRelease,
    abandoned: Abandoned,
  ) {
    this.#context = context;
    this.#registers = registers;
    this.#release = release;
    this.#abandoned = abandoned;
  }

  async acquire(command: AcquireCommand, call: Call): Promise<AcquireOutcome> {
    if (this.#isRetiring) return stopping;
    const refusal = this.#refusalOf(command);
    if (refusal !== undefined) return refusal;
    const key = keyOfAcquire(command);
    const isCancelled = this.#cancelled.get(key);
    if (isCancelled !== undefined) return isCancelled ? { kind: "cancelled" } : unanswered;
    const met = this.#running.has(key) ? undefined : await this.#sessionOf(command);
    if (met !== undefined && "code" in met) return met;
    if (met !== undefined && !(await this.#reserve(command))) return tooManyLocks;
    // Looked up after the wait for the session: a repeat may have begun meanwhile.
    const running = this.#running.get(key);
    if (running === undefined && this.#isRetiring) {
      this.#unreserve(command, stopping);
      return stopping;
    }
    const run = running ?? (met === undefined ? undefined : this.#begin(command, met, call));
    if (run === undefined) return this.acquire(command, call);
    if (running !== undefined && running.isWaiting !== command.waitMs > 0) {
      return this.#joinOther(running, command, call);
    }
    const outcome = await (running?.join(command, call) ?? run.outcome);
    // A caller that may repeat it elsewhere keeps what it got; of any other nobody hears of it.
    const isLost = call.cancellation.cancelled && call.onCallerLost === "cancel";
    if (isLost && run.isInDoubt) this.abandon(command);
    return outcome;
  }

  /**
   * A try and a wait under one request: what a try is told is no answer to one that waits, and the
   * other way round nothing is known while it waits.
   */
  async #joinOther(
    running: GlobalAcquireRun,
    command: AcquireCommand,
    call: Call,
  ): Promise<AcquireOutcome> {
    if (running.isWaiting) return isPassedOn(call) ? unanswered : running.join(command, call);
    const outcome = await running.outcome;
    return outcome.kind === "held" ? this.acquire({ ...command, resent: true }, call) : outcome;
  }

  /**
   * Ends a request. One under way here is told of it once it is certain, and asks for nothing more
   * until then: standing in this region's line it would be granted in its turn, long after the
   * register forgot of the cancel.
   */
  async cancel(command: CancelCommand, call: Call): Promise<CancelOutcome> {
    const key = keyOf(command.lock, command.grantId);
    const run = this.#running.get(key);
    this.#cancelled.set(key, this.#cancelled.get(key) ?? false);
    const [oldest] = this.#cancelled.keys();
    if (this.#cancelled.size > cancelledMax && oldest !== undefined) this.#cancelled.delete(oldest);
    run?.cancelling();
    // Who passed it on has cancelled it in the register.
    const asked = isPassedOn(call) ? "here" : run?.whereabouts;
    const outcome = await this.#release.cancel(command, call, asked);
    if (!isFailure(outcome)) this.#cancelled.set(key, true);
    run?.cancelled(!isFailure(outcome));
    return outcome;
  }

  /** Nothing is begun any more, and those who wait are told to ask again. */
  retire(): void {
    this.#isRetiring = true;
    for (const run of this.#running.values()) run.sendOn();
  }

  /** Takes a request back in the background, until that is definite. */
  abandon(command: AcquireCommand): void {
    const { session, requestId } = command;
    const grantId = grantIdOf(session, requestId);
    const cancel = {
      kind: "cancel",
      grantId,
      ...(session === undefined ? {} : { session }),
    } as const;
    this.#abandoned.add(
      requestOf({ command, grantId }),
      async ({ lock }) => {
        const outcome = await this.#release.cancel({ ...cancel, lock }, { hops: 0 });
        return isFailure(outcome) ? outcome : { kind: "withdrawn" };
      },
      command.ttlMs ?? limits.globalTtlMs.max,
    );
  }

  acquireMany(request: AcquireManyRequest, call: Call, tier: Pick<LockTier, "execute">) {
    const many = {
      execute: tier.execute.bind(tier),
      abandon: (acquire: AcquireCommand) => this.abandon(acquire),
    };
    return acquireMany(many, request, call) satisfies Promise<AcquireManyOutcome>;
  }

  /**
   * A session for global locks. Its first lease is this region's, or another's where this one's
   * shards do not answer.
   */
  async open(command: OpenSessionCommand, deadlineMs?: number): Promise<OpenSessionOutcome> {
    const { min, max } = limits.globalTtlMs;
    if (command.ttlMs < min || command.ttlMs > max) return badSessionTtl(command.ttlMs);
    const { region, local } = this.#context;
    const opened = await local.sessions.open({ ...command, region }, deadlineMs);
    if (opened.kind === "opened") {
      this.#remember(opened.session, opened.ttlMs);
      return opened;
    }
    return (await this.#openElsewhere(command)) ?? opened;
  }

  /** In whichever region answers first; undefined where none does. */
  async #openElsewhere(command: OpenSessionCommand): Promise<OpenSessionOutcome | undefined> {
    const { region, regions } = this.#context;
    const session = sessionIdOf(command);
    const { ttlMs } = command;
    const met = regions
      .filter((each) => each.region !== region)
      .map(async (each) => {
        const lease = await each.meet(placeOfSession(session), { session, ttlMs }, answerMs);
        if (isFailure(lease)) throw new Error(lease.message);
        return lease;
      });
    const lease = await Promise.any(met).catch(() => undefined);
    if (lease === undefined) return undefined;
    this.#remember(session, ttlMs);
    const { shard, validForMs } = lease;
    return {
      kind: "opened",
      session,
      ttlMs,
      lease: { region: lease.region, shard, leaseId: lease.lease },
      validForMs,
    };
  }

  #remember(session: SessionId, ttlMs: number): void {
    this.#ttls.delete(session);
    this.#ttls.set(session, ttlMs);
    const [oldest] = this.#ttls.keys();
    if (this.#ttls.size > sessionsMax && oldest !== undefined) this.#ttls.delete(oldest);
  }

  #begin(command: AcquireCommand, met: MetSession, call: Call): GlobalAcquireRun {
    const { lock, mode, owner, metadata } = command;
    const { register, queue, delegation, elsewhere } = this.#registers.of(lock);
    const key = keyOfAcquire(command);
    const request = {
      grantId: grantIdOf(command.session, command.requestId),
      session: met.session,
      region: this.#context.region,
      ttlMs: met.ttlMs,
      mode,
      owner,
      metadata,
      atMs: this.#context.surroundings.clock.wallMs(),
    };
    const session = new SessionEverywhere(this.#context, lock, met);
    // Several may share a lock, and a delegation serves one at a time. It vouches for a few
    // seconds, so a client that asks for a longer ttl, and does not come back meanwhile, goes
    // without it.
    const isServed = mode === "exclusive" && command.session !== undefined;
    const here = isServed && new DelegatedRequest(this.#context, lock, delegation, request);
    const ways = { register, queue, session, delegation, elsewhere, ...(here && { here }) };
    const order = { command, request, ...ways };
    const run = new GlobalAcquireRun(this.#context, order, call);
    this.#running.set(key, run);
    void run.outcome.then((outcome) => {
      this.#running.delete(key);
      this.#unreserve(command, outcome);
    });
    run.begin();
    return run;
  }

  /**
   * Takes one of the session's places. They are counted in this region, by what hangs on its leases
   * here, with its local locks: what it holds through other regions' coordinators is not known.
   */
  async #reserve({ session, requestId }: AcquireCommand): Promise<boolean> {
    if (session === undefined) return true;
    const { sessions } = this.#context.local;
    const grantId = grantIdOf(session, requestId);
    if (sessions.reserve(session, grantId)) return true;
    await sessions.recount(session);
    return sessions.reserve(session, grantId);
  }

  /** What it holds is counted with its lease. */
  #unreserve({ session, requestId, lock }: AcquireCommand, outcome: AcquireOutcome): void {
    if (session === undefined) return;
    const { local, region } = this.#context;
    const grantId = grantIdOf(session, requestId);
    local.sessions.unreserve(session, grantId);
    const site = outcome.kind === "granted" ? locate(local, { ...lock, region }) : undefined;
    if (site !== undefined && isSite(site)) {
      local.sessions.count(session, site.shard.name, grantId);
    }
  }

  /** Under whose session the grant will live, and how long that lives unheard of. */
  async #sessionOf(command: AcquireCommand): Promise<MetSession | Failure> {
    const { session, requestId, ttlMs } = command;
    if (session === undefined) {
      return { session: ownSession(requestId) as SessionId, ttlMs: ttlMs ?? 0 };
    }
    // The shards of this region may be away: what is known already needs no look there.
    const known = this.#ttls.get(session) ?? (await this.#context.local.sessions.ttlMsOf(session));
    if (typeof known !== "number") return known;
    this.#remember(session, known);
    if (known < limits.globalTtlMs.min) return badSessionTtl(known);
    return { session, ttlMs: known };
  }

  #refusalOf({ lock }: AcquireCommand): Failure | undefined {
    const { local, region } = this.#context;
    const site = locate(local, { ...lock, region });
    // Without a placement here the other two regions may still decide.
    if (!isSite(site) || !site.hierarchical) return undefined;
    return failure(
      "INVALID_ARGUMENT",
      `Namespace ${lock.namespace} is hierarchical, and a global lock excludes neither its ancestors ` +
        "nor what is below it. Use another namespace for global locks.",
      { field: "lock.namespace" },
    );
  }
}

function keyOfAcquire({ lock, session, requestId }: AcquireCommand): string {
  return keyOf(lock, grantIdOf(session, requestId));
}

function keyOf({ namespace, name }: GlobalLockId, grantId: GrantId): string {
  return `${namespace}/${name}\0${grantId}`;
}

/** Spreads first leases over the shards of a region. */
function placeOfSession(session: SessionId): GlobalLockId {
  return { namespace: "sessions", name: digest132(session) };
}

function badSessionTtl(ttlMs: number): Failure {
  const { min, max } = limits.globalTtlMs;
  return failure(
    "INVALID_ARGUMENT",
    `A global lock lives under a session of ${min} to ${max} ms; this one has ${ttlMs} ms. Open ` +
      "another one.",
    { field: "session_id" },
  );
}
