import { cycleMs, type PlannedFault, schedule } from "./fault-schedule.ts";

/** A drill by name, and how its faults are laid over its time. */
export interface NamedFaultDrill {
  readonly name: string;
  readonly about: string;
  /** Long enough for every fault once. */
  readonly seconds: number;
  faults(seconds: number): PlannedFault[];
}

const startMs = 1_000;
const onceS = Math.ceil((startMs + cycleMs + 3_000) / 1_000);

/** Those that can be run each alone; `mixed` has all of their faults in one run. */
export const faultDrills: readonly NamedFaultDrill[] = [
  {
    name: "etcd-leader",
    about: "kill -9 and SIGSTOP (3, 10, 30 s) of whichever etcd member leads",
    seconds: onceS,
    faults: (seconds) => schedule(["leader"], startMs, seconds * 1_000),
  },
  {
    name: "router",
    about: "the same of one router of two",
    seconds: onceS,
    faults: (seconds) => schedule(["router"], startMs, seconds * 1_000),
  },
  {
    name: "holder",
    about: "the same of a process that holds locks",
    seconds: onceS,
    faults: (seconds) => schedule(["holder"], startMs, seconds * 1_000),
  },
  {
    name: "mixed",
    about: "leader and routers in turn, holders at the same time",
    seconds: Math.ceil((startMs + 2 * cycleMs + 3_000) / 1_000),
    faults: (seconds) => [
      ...schedule(["leader", "router"], startMs, seconds * 1_000),
      // Out of step with the others, so that a holder is also broken while all else is well.
      ...schedule(["holder"], startMs + 2_500, seconds * 1_000),
    ],
  },
];
