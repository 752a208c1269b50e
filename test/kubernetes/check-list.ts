import { autoscaling } from "./checks/autoscaling.ts";
import { leaveAndReturn, uninstall } from "./checks/departure.ts";
import { globalLock } from "./checks/global-lock.ts";
import { helmTest, install } from "./checks/install.ts";
import { moreSpace, replaceMember } from "./checks/manual-steps.ts";
import { cutZone, drainedEverywhere, drainedNode, killedMember } from "./checks/nodes.ts";
import { restoreShard } from "./checks/restore.ts";
import { strangers } from "./checks/strangers.ts";
import { brokenImage, rollingUpgrade } from "./checks/upgrade.ts";
import type { Check } from "./platform.ts";

/** All checks, in their order: each leaves the platform whole for the next. */
export const checks: readonly Check[] = [
  install,
  helmTest,
  globalLock,
  strangers,
  rollingUpgrade,
  brokenImage,
  killedMember,
  drainedNode,
  drainedEverywhere,
  cutZone,
  autoscaling,
  replaceMember,
  moreSpace,
  restoreShard,
  leaveAndReturn,
  uninstall,
];

/** Those whose names have one of `only` in them; and the first, without which nothing is there. */
export function chosen(only: readonly string[]): readonly Check[] {
  if (only.length === 0) return checks;
  return checks.filter(
    (check) => check === install || only.some((part) => check.name.includes(part)),
  );
}
