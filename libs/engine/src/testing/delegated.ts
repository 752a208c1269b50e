import { isFailure } from "@holdfast/base/failure";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { type DelegationPolicy, defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { encodeGeneration } from "@holdfast/core/quorum/acceptor";
import { decide } from "@holdfast/core/quorum/register";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import { generationKey } from "@holdfast/core/quorum/register-keys";
import { emptyRegister, type RegisterValue } from "@holdfast/core/quorum/register-value";
import { requestOf } from "@holdfast/core/quorum/testing/requests";
import type { LocalAnswer, LocalAsking } from "../delegated-asking.ts";
import { DelegatedLock } from "../delegated-lock.ts";
import { DelegatedShard, type DelegatedShardOptions } from "../delegated-shard.ts";
import type { LocalShard } from "../delegated-steps.ts";
import { type BeatenLease, DelegationSession } from "../delegation-session.ts";
import { isSite, locate } from "../local-context.ts";
import type { LocalLocks } from "../local-locks.ts";
import { TestRegion } from "./region.ts";

const lock = { namespace: "default", name: "everywhere" };

/** One lock at one coordinator of a region in memory, and a register that decides alone. */
export class DelegatedRig {
  readonly region = new TestRegion(1);
  value: RegisterValue = emptyRegister;
  /** Commands that the register was asked to carry out, by kind. */
  readonly commands: string[] = [];
  /** Steps in the shard that are part of a trace, and its context. */
  readonly traced: string[] = [];
  /** How long the delegation's leases are said to live from when they were asked about, in ms. */
  validForMs = 10_000;
  generation = 1;
  /** How much later than usual the shard's answers come, in ms. */
  shardLateMs = 0;
  #session: SessionId | undefined;
  #ids = 0;

  async start(policy: Partial<DelegationPolicy> = {}): Promise<DelegatedLock<string>> {
    await this.region.start();
    const [store] = this.region.stores;
    const put = { key: generationKey, value: encodeGeneration(this.generation), lease: 0n };
    const success = [{ kind: "put" as const, ...put }];
    await store?.commit({ compares: [], success, failure: [] });
    this.#session = await this.region.open();
    const { clock, random } = this.region;
    const session = this.#newSession();
    return new DelegatedLock<string>({
      region: "here",
      coordinator: "c",
      lock: "lock",
      shard: this.#late({
        context: this.#context,
        lock,
        generation: () => this.generation,
        onGeneration: () => {},
        refusal: () => undefined,
      }),
      register: {
        submit: ({ command, answer }) => {
          clock.schedule(60, () => {
            const outcome = this.do(command);
            const confirmed = () => new Map([0, 1, 2].map((at) => [at, 5n as LeaseId]));
            answer({ kind: "decided", outcome, value: this.value, confirmed });
          });
        },
      },
      session: () => session,
      sessionOf: () => session,
      mayAdopt: () => true,
      peek: (answer) => clock.schedule(60, () => answer(this.value, false)),
      newId: () => `d${++this.#ids}` as GrantId,
      clock,
      random,
      policy: { ...defaultDelegationPolicy, ...policy },
      patienceMs: 200,
      lookMs: 500,
    });
  }

  #late(options: DelegatedShardOptions): LocalShard {
    const shard = new DelegatedShard(options);
    const { clock } = this.region;
    return {
      ask: (step, answer, traceparent) => {
        if (traceparent !== undefined) this.traced.push(`${step.kind} ${traceparent}`);
        const late = (reply: Parameters<typeof answer>[0]) => {
          if (this.shardLateMs === 0) answer(reply);
          else clock.schedule(this.shardLateMs, () => answer(reply));
        };
        shard.ask(step, late, traceparent);
      },
    };
  }

  /** Carries a command out in the register at once. */
  do(command: RegisterCommand) {
    this.commands.push(command.kind);
    const { value, outcomes } = decide(this.value, [command], new Set());
    this.value = value;
    const [outcome] = outcomes;
    if (outcome === undefined) throw new Error("one command has one outcome");
    return outcome;
  }

  /** What a caller says that is told into `answers`. */
  async asking(name: string, answers: LocalAnswer[], wait = true): Promise<LocalAsking> {
    const session = this.#session as SessionId;
    const answer = (given: LocalAnswer) => void answers.push(given);
    const marker = await this.marker();
    return { request: requestOf(name, { session }), marker, wait, isOver: () => false, answer };
  }

  /** The client's lease in the shard. */
  async marker() {
    const site = locate(this.#context, { region: "here", ...lock });
    if (!isSite(site)) throw new Error(site.message);
    const lease = await this.#context.sessions.leaseIn(this.#session as SessionId, site.shard);
    if (isFailure(lease)) throw new Error(lease.message);
    return lease.marker;
  }

  get #context() {
    const [local] = this.region.locals as [LocalLocks];
    return local.context;
  }

  #newSession(): DelegationSession<string> {
    const answerIn = (answer: (lease: BeatenLease) => void) => {
      const { validForMs } = this;
      this.region.clock.schedule(30, () =>
        answer({ shard: "s0", lease: 5n as LeaseId, validForMs }),
      );
    };
    return new DelegationSession<string>({
      id: "coordinator" as SessionId,
      ttlMs: 10_000,
      home: 0,
      clock: this.region.clock,
      beats: {
        meet: (_region, _lock, _session, answer) => answerIn(answer),
        keepAlive: (_region, _lock, _session, answer) => answerIn(answer),
      },
    });
  }
}
