import type { Clock } from "@holdfast/base/clock";
import { sessionTtlDefaultMs } from "@holdfast/core/limits";
import { CliError } from "../cli-error.ts";
import type { AcquireRequest, ClientPort } from "../connection/client-port.ts";
import { percentile } from "./percentile.ts";

/** How much load, and for how long. */
export interface Load {
  readonly clients: number;
  readonly seconds: number;
  /** Each client uses a lock of its own, whose name begins with this. */
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/** Times in ms. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the load came to. */
export interface LoadReport {
  readonly pairs: number;
  readonly seconds: number;
  readonly pairsPerSecond: number;
  readonly acquire: Latency;
  readonly release: Latency;
  readonly failures: number;
  /** The message of the first failure. */
  readonly firstFailure?: string | undefined;
}

/** A client that fails so often in a row gives up: the store is gone, not busy. */
const failuresInARowMax = 20;
/** Memory's bound: later pairs count, but their times are not kept. */
const samplesMax = 1_000_000;

/** Has every client acquire and release its own lock over and over, until the time is up. */
export async function runLoad(client: ClientPort, clock: Clock, load: Load): Promise<LoadReport> {
  const tally = new Tally();
  const startedMs = clock.monotonicMs();
  const untilMs = startedMs + load.seconds * 1_000;
  const worker = async (name: string) => {
    let failuresInARow = 0;
    while (clock.monotonicMs() < untilMs && !load.signal.aborted) {
      try {
        await pair(client, clock, name, tally);
        failuresInARow = 0;
      } catch (error) {
        tally.fail(error as Error);
        if (++failuresInARow >= failuresInARowMax) return;
      }
    }
  };
  await Promise.all(
    Array.from({ length: load.clients }, (_, index) => worker(`${load.prefix}${index}`)),
  );
  return tally.report((clock.monotonicMs() - startedMs) / 1_000);
}

async function pair(client: ClientPort, clock: Clock, name: string, tally: Tally): Promise<void> {
  const sentMs = clock.monotonicMs();
  const request: AcquireRequest = {
    name,
    scope: "local",
    mode: "exclusive",
    ttlMs: sessionTtlDefaultMs,
    waitMs: 0,
    metadata: {},
  };
  const outcome = await client.acquireHeld(request);
  const grantedMs = clock.monotonicMs();
  if (outcome.kind !== "granted") throw new CliError(1, `${name} was ${outcome.kind}.`);
  await outcome.held.release();
  tally.add(grantedMs - sentMs, clock.monotonicMs() - grantedMs);
}

class Tally {
  #pairs = 0;
  #failures = 0;
  #firstFailure: string | undefined;
  readonly #acquireMs: number[] = [];
  readonly #releaseMs: number[] = [];

  add(acquireMs: number, releaseMs: number): void {
    this.#pairs++;
    if (this.#acquireMs.length >= samplesMax) return;
    this.#acquireMs.push(acquireMs);
    this.#releaseMs.push(releaseMs);
  }

  fail(error: Error): void {
    this.#failures++;
    this.#firstFailure ??= error.message;
  }

  report(seconds: number): LoadReport {
    return {
      pairs: this.#pairs,
      seconds,
      pairsPerSecond: this.#pairs / seconds,
      acquire: latency(this.#acquireMs),
      release: latency(this.#releaseMs),
      failures: this.#failures,
      firstFailure: this.#firstFailure,
    };
  }
}

function latency(samplesMs: number[]): Latency {
  const sorted = samplesMs.sort((left, right) => left - right);
  return { p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
}
