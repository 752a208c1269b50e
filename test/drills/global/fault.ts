import { setTimeout as sleep } from "node:timers/promises";
import type { HistoryEvent } from "../../history/history-event.ts";

/** Something to be broken and mended. */
export interface Fault {
  /** Since the clients began to work. */
  readonly atMs: number;
  readonly forMs: number;
  /** As "kill -9". */
  readonly what: string;
  /** As "router us-east-1". */
  readonly target: string;
  /** It begins no earlier than this resolves. */
  readonly after?: Promise<void>;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

/** Faults one after the other, each `restMs` after the one before was mended, or later. */
export function inTurn(
  faults: readonly Omit<Fault, "atMs">[],
  { fromMs, restMs }: { readonly fromMs: number; readonly restMs: number },
): Fault[] {
  let atMs = fromMs;
  let after = Promise.resolve();
  return faults.map((fault) => {
    const mended = Promise.withResolvers<void>();
    const end = async (): Promise<void> => {
      await fault.end();
      void sleep(restMs).then(mended.resolve);
    };
    const placed = { ...fault, atMs, after, end };
    atMs += fault.forMs + restMs;
    after = mended.promise;
    return placed;
  });
}

/** Breaks and mends each thing at its time; rejects where something could not be mended. */
export async function carryOut(
  faults: readonly Fault[],
  startMs: number,
  now: () => number,
  record: (event: HistoryEvent) => void,
): Promise<void> {
  await Promise.all(
    faults.map(async ({ atMs, after, forMs, what, target, begin, end }) => {
      await sleep(Math.max(0, startMs + atMs - now()));
      await after;
      const brokenMs = now();
      await begin();
      await sleep(Math.max(0, brokenMs + forMs - now()));
      await end();
      record({ kind: "fault", atMs: brokenMs, untilMs: now(), what, target });
    }),
  );
}
