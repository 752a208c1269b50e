import { writeFileSync } from "node:fs";
import { invariant } from "@holdfast/base/invariant";
import type { WanSite } from "../../wan/wan-site.ts";

/**
 * What a coordinator of the drills' build does to itself:
 * - `die`: of the next proposal it sends `count` prepares, or accepts, and no more; when they have
 *   been answered it dies, and nobody has heard of the answers.
 * - `repeat`: from now on every message of a vote is sent twice, the copy later.
 */
export type CoordinatorOrder =
  | { readonly kind: "die"; readonly step: "prepare" | "accept"; readonly count: 0 | 1 | 2 | 3 }
  | { readonly kind: "repeat"; readonly isOn: boolean };

/** By which a coordinator is told that an order lies where it looks for it. */
export const orderSignal = "SIGUSR2";

/** Gives a coordinator its order; it is read some milliseconds later. */
export function giveOrder({ coordinator, ordersPath }: WanSite, order: CoordinatorOrder): void {
  invariant(coordinator.running, "an order is given to a coordinator that runs");
  writeFileSync(ordersPath, JSON.stringify(order));
  coordinator.send(orderSignal);
}
