/** Something to be broken. */
export interface PlannedFault {
  /** Since the start of the run. */
  readonly atMs: number;
  readonly target: "leader" | "router" | "holder";
  /** `kill`: kill -9, started again after `forMs`. `freeze`: SIGSTOP, SIGCONT after `forMs`. */
  readonly how: "kill" | "freeze";
  readonly forMs: number;
}

/** What is done to each kind of process, in this order. */
const cycle = [
  { how: "kill", forMs: 2_000 },
  { how: "freeze", forMs: 3_000 },
  { how: "freeze", forMs: 10_000 },
  { how: "freeze", forMs: 30_000 },
] as const;

/** For the platform to be whole again before the next fault. */
const restMs = 3_000;

/** How long one cycle of one target takes. */
export const cycleMs = cycle.reduce((sum, { forMs }) => sum + forMs + restMs, 0);

/** Cycle after cycle of the targets in turn, until `untilMs`; nothing is broken past that. */
export function schedule(
  targets: readonly PlannedFault["target"][],
  fromMs: number,
  untilMs: number,
): PlannedFault[] {
  const faults: PlannedFault[] = [];
  let atMs = fromMs + restMs;
  for (;;) {
    for (const target of targets) {
      for (const { how, forMs } of cycle) {
        if (atMs + restMs >= untilMs) return faults;
        faults.push({ atMs, target, how, forMs: Math.min(forMs, untilMs - restMs - atMs) });
        atMs += forMs + restMs;
      }
    }
  }
}
