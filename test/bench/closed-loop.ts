import { performance } from "node:perf_hooks";

/** What one process loads: workers that each take turns, one after the other. */
export interface Load {
  /**
   * One turn of one worker: takes and gives back `pairs` locks. `acquireMs` gets the time each
   * acquire took. A turn that fails rejects, and with it the whole run: a figure that hides
   * failures is worth nothing.
   */
  turn(worker: number, acquireMs: number[]): Promise<number>;
}

/** How long and how hard. */
export interface LoadPlan {
  /** Workers that take turns at the same time. */
  readonly workers: number;
  /** Not counted: connections open, code gets compiled, batches find their size. */
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What a run came to. */
export interface LoadResult {
  /** Acquire and release pairs that ended inside the measured time. */
  readonly pairs: number;
  readonly elapsedMs: number;
  /** Pairs of the whole run, warm-up included: what the CPU time of the run is divided by. */
  readonly pairsInAll: number;
  /** One entry for each acquire that ended inside the measured time. */
  readonly acquireMs: readonly number[];
}

/** Runs a closed loop: each worker begins a turn when its last one has ended. */
export async function runLoad(load: Load, plan: LoadPlan): Promise<LoadResult> {
  const startMs = performance.now();
  const countFromMs = startMs + plan.warmupMs;
  const endMs = countFromMs + plan.measureMs;
  const acquireMs: number[] = [];
  let pairs = 0;
  let pairsInAll = 0;
  let failed = false;

  const work = async (worker: number): Promise<void> => {
    while (!failed && performance.now() < endMs) {
      const turnMs: number[] = [];
      const done = await load.turn(worker, turnMs);
      pairsInAll += done;
      const nowMs = performance.now();
      if (nowMs < countFromMs || nowMs > endMs) continue;
      pairs += done;
      for (const ms of turnMs) acquireMs.push(ms);
    }
  };
  const workers = Array.from({ length: plan.workers }, (_, worker) =>
    work(worker).catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ended = await Promise.allSettled(workers);
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return { pairs, elapsedMs: plan.measureMs, pairsInAll, acquireMs };
}
