import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { Executor } from "../world/router-host.ts";
import type { GlobalNetwork } from "./global-network.ts";

/** What a call without a deadline may take beyond its own wait. */
const marginMs = 5_000;

/** A process that serves calls of other processes, while it lives. */
export interface CallHost {
  readonly process: SimulatedProcess;
  readonly tier: Executor;
  readonly calls: Set<RemoteCall>;
}

/** How to reach whoever serves a name now: a restarted process has it again. */
export type FindHost = (name: string) => CallHost | undefined;

/** One call from a process to another one, as `Peer` makes them: sent once, each on its own. */
export class RemoteCall {
  readonly asker: string;
  readonly #host: CallHost;
  readonly #network: GlobalNetwork;
  readonly #from: SimulatedProcess;
  readonly #call: Call;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #there = new Cancellation();
  readonly #isStream: boolean;
  #isOver = false;
  #isDone = false;

  constructor(
    from: SimulatedProcess,
    host: CallHost,
    network: GlobalNetwork,
    command: Command,
    call: Call,
    resolve: (outcome: Outcome) => void,
  ) {
    this.asker = from.name;
    this.#from = from;
    this.#host = host;
    this.#network = network;
    this.#call = call;
    this.#isStream =
      command.kind === "acquire" && command.waitMs > 0 && call.onCallerLost === "keep";
    const waitMs = command.kind === "acquire" ? command.waitMs : 0;
    const restMs =
      call.deadlineMs === undefined ? waitMs + marginMs : call.deadlineMs - from.monotonicMs();
    const timer = from.schedule(Math.max(0, restMs), () => this.#lost("no answer in time"));
    let forget = () => {};
    this.#resolve = (outcome) => {
      timer.cancel();
      forget();
      resolve(outcome);
    };
    host.calls.add(this);
    // A request that is to outlive its caller must outlive this call, too, but for a stream.
    const isTied = this.#isStream || call.onCallerLost === "cancel";
    forget = call.cancellation.onCancel(() => isTied && this.#lost("nobody waits for it"));
    this.#toHost(() => this.#begin(command, Math.max(0, restMs)));
  }

  /** The connection is torn: each end that runs hears of it. */
  break(): void {
    this.#from.deliver(() => this.#end(unanswered("the connection was lost")));
    this.#host.process.deliver(() => this.#endThere());
  }

  #begin(command: Command, restMs: number): void {
    if (this.#isDone) return;
    const { process, tier } = this.#host;
    const call: Call = {
      cancellation: this.#there,
      deadlineMs: process.monotonicMs() + restMs,
      hops: this.#call.hops + 1,
      onCallerLost: this.#call.onCallerLost,
      ...(this.#isStream ? this.#ears() : {}),
    };
    void tier.execute(command, call).then((outcome) => {
      this.#host.calls.delete(this);
      // What was said after the end of the connection goes nowhere.
      if (!this.#isDone) this.#toAsker(() => this.#end(outcome));
      this.#isDone = true;
    });
  }

  #ears(): Pick<Call, "onPosition" | "onLeases"> {
    return {
      onPosition: (position: number) => this.#toAsker(() => this.#call.onPosition?.(position)),
      onLeases: (leases: readonly SessionLease[]) =>
        this.#toAsker(() => this.#call.onLeases?.(leases)),
    };
  }

  #lost(why: string): void {
    if (this.#isOver) return;
    this.#end(unanswered(why));
    if (this.#isStream || this.#call.onCallerLost === "cancel") {
      this.#toHost(() => this.#endThere());
    }
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.calls.delete(this);
    this.#resolve(outcome);
  }

  #endThere(): void {
    this.#isDone = true;
    this.#there.cancel();
  }

  #toHost(arrive: () => void): void {
    const { process } = this.#host;
    const sent = this.#network.send(this.asker, process.name, () => process.deliver(arrive));
    if (!sent) this.#breakSoon();
  }

  #toAsker(arrive: () => void): void {
    const sent = this.#network.send(this.#host.process.name, this.asker, () =>
      this.#from.deliver(arrive),
    );
    if (!sent) this.#breakSoon();
  }

  /** What is lost ends the connection, sooner or later, for both of its ends. */
  #breakSoon(): void {
    const { random } = this.#host.process;
    this.#host.process.schedule(50 + 3_000 * random.next(), () => this.#endThere());
    this.#from.schedule(50 + 3_000 * random.next(), () =>
      this.#end(unanswered("the connection was lost")),
    );
  }
}

/** A tier in other processes: the first of them that lives is asked. */
export class RemoteTier implements Executor {
  readonly #process: SimulatedProcess;
  readonly #network: GlobalNetwork;
  readonly #find: FindHost;
  readonly #namesFor: (command: Command) => readonly string[];

  constructor(
    process: SimulatedProcess,
    network: GlobalNetwork,
    find: FindHost,
    namesFor: (command: Command) => readonly string[],
  ) {
    this.#process = process;
    this.#network = network;
    this.#find = find;
    this.#namesFor = namesFor;
  }

  execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    const names = this.#namesFor(command);
    const host = names
      .map((name) => this.#find(name))
      .find((each) => each !== undefined && each.process.state !== "crashed");
    if (host === undefined) {
      const refused = failure("SHARD_UNAVAILABLE", `${names.join(", ")}: refused.`);
      return Promise.resolve(refused as OutcomeOf<C>);
    }
    return new Promise((resolve) => {
      const answer = (outcome: Outcome) => resolve(outcome as OutcomeOf<C>);
      new RemoteCall(this.#process, host, this.#network, command, call, answer);
    });
  }
}

function unanswered(why: string) {
  return failure("UNKNOWN_OUTCOME", `The request was sent and not answered: ${why}.`);
}
