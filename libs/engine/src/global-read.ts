import type { Failure } from "@holdfast/base/failure";
import type { GetCommand } from "@holdfast/core/command/command";
import type { GetOutcome, LockState, RegionVote } from "@holdfast/core/command/outcome";
import { printBallot } from "@holdfast/core/quorum/ballot";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { majority } from "@holdfast/core/quorum/votes";
import { readDelegated } from "./delegated-view.ts";
import { answerMs, changingHands, type GlobalContext, noQuorum } from "./global-context.ts";
import { askThere, delegatedTo } from "./global-elsewhere.ts";
import type { GlobalRegister, Look } from "./global-register.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import { globalTenant, lockIdOf } from "./global-view.ts";
import { isSite, locate } from "./local-context.ts";
import type { Call } from "./ports/lock-tier.ts";

/** Holders and waiters that are named. */
const namedMax = 100;

/** Reads global locks. */
export class GlobalRead {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;

  constructor(context: GlobalContext, registers: GlobalRegisters) {
    this.#context = context;
    this.#registers = registers;
  }

  /** The lock's state, with what each region says of it. */
  async get(command: GetCommand, call: Call): Promise<GetOutcome> {
    const { lock } = command;
    const { register, queue } = this.#registers.of(lock);
    const look = await register.look(answerMs);
    const votes = this.#context.regions.map((_, index) => this.#voteOf(index, look, register));
    const seen = await this.#valueIn(look, register);
    if ("code" in seen) return seen;
    const delegated = await this.#delegated(command, seen, call);
    const nowMs = this.#context.surroundings.clock.wallMs();
    const site = locate(this.#context.local, { ...lock, region: this.#context.region });
    return {
      kind: "lock",
      lock: lockIdOf(lock),
      shard: isSite(site) ? site.shard.name : "",
      slot: isSite(site) ? site.slot : 0,
      holders: seen.holders.slice(0, namedMax).map((each) => globalTenant(each, nowMs)),
      waiters: seen.waiters.slice(0, namedMax).map((each) => globalTenant(each, nowMs)),
      holderCount: seen.holders.length,
      waiterCount: seen.waiters.length + queue.lineLength,
      ...delegated,
      revision: BigInt(seen.version),
      votes,
    };
  }

  /**
   * Who has and who waits for a lock that is delegated: only the shard of its region knows. Where
   * that cannot be asked, the delegation stands for whoever has it.
   */
  async #delegated(
    command: GetCommand,
    { holders: [delegate] }: RegisterValue,
    call: Call,
  ): Promise<Partial<LockState>> {
    const { region, surroundings } = this.#context;
    const { register } = this.#registers.of(command.lock);
    if (!delegate?.delegation) return {};
    if (delegate.region === region) {
      const view = await readDelegated(this.#context, command.lock);
      if (view.kind === "failure") return {};
      const nowMs = surroundings.clock.wallMs();
      const tenants = (requests: readonly GlobalRequest[]) => {
        return requests.slice(0, namedMax).map((each) => globalTenant(each, nowMs));
      };
      return {
        holders: tenants(view.holders),
        waiters: tenants(view.waiters),
        holderCount: view.holders.length,
        waiterCount: view.waiters.length,
      };
    }
    const there = delegatedTo(this.#context, register.newest, call);
    if (there === undefined) return {};
    const untilMs = surroundings.clock.monotonicMs() + answerMs;
    const state = await askThere(this.#context, there, command, call, untilMs);
    if (state.kind !== "lock") return {};
    const { holders, waiters, holderCount, waiterCount } = state;
    return { holders, waiters, holderCount, waiterCount };
  }

  /** As two regions show it, without holders that two of them call gone. */
  async #valueIn(look: Look, register: GlobalRegister): Promise<RegisterValue | Failure> {
    const seen = survey(look.shows);
    if (seen === undefined) return this.#settle(register, look);
    const isGone = [...seen.liveness.values()].includes("gone");
    if (!isGone) return seen.value;
    // Nobody has contended since: the register changes only when somebody asks it to.
    const settled = await this.#settle(register, look);
    return "code" in settled ? seen.value : settled;
  }

  /** No two regions agree: what the register is can only be decided. */
  async #settle(register: GlobalRegister, { shows }: Look): Promise<RegisterValue | Failure> {
    const heard = [...shows.keys()].map((index) => this.#context.regions[index]?.region ?? "");
    if (shows.size < majority) return noQuorum(heard, register.silences);
    const answer = await register.submit({ kind: "tend" }, false, () => false);
    if (answer.kind === "decided") return answer.value;
    return answer.kind === "no-quorum" ? noQuorum(heard, register.silences) : changingHands;
  }

  #voteOf(index: number, { shows, rttMs }: Look, register: GlobalRegister): RegionVote {
    const region = this.#context.regions[index]?.region ?? "";
    const shown = shows.get(index);
    const accepted = shown?.accepted;
    return {
      region,
      reachable: shown !== undefined,
      problem: shown === undefined ? (register.silences.get(region) ?? "does not vote") : "",
      rttMs: rttMs.get(index) ?? 0,
      ballot: accepted === undefined ? "" : printBallot(accepted.ballot),
      version: accepted?.value.version ?? 0,
      token: accepted?.value.token ?? 0n,
      live: shown?.live.map(({ grantId }) => grantId) ?? [],
    };
  }
}
