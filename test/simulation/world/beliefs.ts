import type { Mode } from "@holdfast/core/lock/lock-id";
import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";

/** A lock as an application has it, whatever it hangs on. */
export interface TakenLock {
  readonly lock: string;
  readonly grantId: string;
  readonly mode: Mode;
  readonly token: bigint;
  /** Whether it may be used right now, looked up as it is asked. */
  holds(): boolean;
  /** Calls back once when it is lost. */
  onLost(callback: () => void): void;
  release(): Promise<"released" | "not-held" | "unknown">;
}

interface Belief {
  readonly request: string;
  readonly taken: TakenLock;
  believes: boolean;
  over: boolean;
}

/**
 * What one client's application believes to hold, as it would act on it: one that asks each time it
 * uses a lock believes what it is answered; one that does not believes until it is told. A process
 * that is stopped acts on nothing; the first thing it does when it goes on is to ask.
 */
export class Beliefs {
  readonly #process: SimulatedProcess;
  readonly #recorder: HistoryRecorder;
  readonly #asksState: boolean;
  readonly #current = new Set<Belief>();

  constructor(process: SimulatedProcess, recorder: HistoryRecorder, asksState: boolean) {
    this.#process = process;
    this.#recorder = recorder;
    this.#asksState = asksState;
    process.onResume(() => this.#wake());
  }

  /** A lock was acquired. Returns how to end the belief when it is about to be released. */
  begin(request: string, taken: TakenLock): () => void {
    const belief: Belief = { request, taken, believes: false, over: false };
    this.#current.add(belief);
    this.#set(belief, taken.holds());
    taken.onLost(() => this.#end(belief));
    return () => this.#end(belief);
  }

  /** The application uses what it holds, and asks first if it is of that kind. */
  use(): void {
    if (!this.#asksState || !this.#process.running) return;
    for (const belief of [...this.#current]) {
      if (belief.believes && !belief.taken.holds()) this.#end(belief);
    }
  }

  /** The process stops or dies in this moment. */
  freeze(): void {
    this.use();
    for (const belief of this.#current) this.#set(belief, false);
  }

  #wake(): void {
    for (const belief of [...this.#current]) {
      if (belief.taken.holds()) this.#set(belief, true);
      else this.#end(belief);
    }
  }

  #end(belief: Belief): void {
    this.#set(belief, false);
    belief.over = true;
    this.#current.delete(belief);
  }

  #set(belief: Belief, believes: boolean): void {
    if (belief.over || belief.believes === believes) return;
    belief.believes = believes;
    const { request, taken } = belief;
    const { lock, grantId, mode, token } = taken;
    const client = this.#process.name;
    const what = { client, request, lock, grantId, mode, token, believes };
    this.#recorder.add({ kind: "belief", ...what });
  }
}
