import { checkRun } from "@holdfast/simulator/checkers/all-checkers";
import { readRun } from "@holdfast/simulator/history/run";
import { outsideOfJobs } from "@holdfast/simulator/kernel/microtasks";
import { patience } from "../world/patience.ts";
import { delayedRenewal } from "./delayed-renewal.ts";
import { lateWrite } from "./late-write.ts";
import { pinnedPlacement } from "./pinned-placement.ts";
import { repeatInVain } from "./repeat-in-vain.ts";
import { type Scenario, Stage } from "./stage.ts";
import { stalledCancel } from "./stalled-cancel.ts";
import { unknownGrant } from "./unknown-grant.ts";
import { waiterWithoutSession } from "./waiter-without-session.ts";

/** One for each rule that a model of the design found to be needed. */
export const scenarios: readonly Scenario[] = [
  lateWrite,
  unknownGrant,
  delayedRenewal,
  waiterWithoutSession,
  repeatInVain,
  pinnedPlacement,
  stalledCancel,
];

/** How a scenario went. */
export interface Performance {
  readonly lines: readonly string[];
  readonly trace: readonly string[];
  /** What broke the rule; empty where it held. */
  readonly broken: readonly string[];
}

/** Plays a scenario to its end and has the checkers look at it too. */
export async function runScenario(scenario: Scenario): Promise<Performance> {
  const stage = await outsideOfJobs(() => new Stage(scenario.shards ?? 1));
  const { world } = stage;
  let ended = false;
  const crashes: string[] = [];
  await outsideOfJobs(() => {
    world.recorder.add({ kind: "healed" });
    scenario.play(stage).then(
      () => {
        ended = true;
      },
      (error: unknown) => {
        ended = true;
        crashes.push(String(error));
      },
    );
    while (!ended && world.simulation.nowMs < scenario.lastsMs) {
      world.simulation.run(world.simulation.nowMs + 1_000);
    }
  });
  if (!ended) crashes.push(`not at its end after ${scenario.lastsMs} ms`);
  const run = readRun(world.recorder.entries, world.simulation.nowMs, patience);
  const violations = checkRun(run).map(({ checker, message }) => `${checker}: ${message}`);
  return {
    lines: stage.lines,
    trace: world.simulation.trace.lines,
    broken: [...crashes, ...stage.disappointments, ...violations],
  };
}
