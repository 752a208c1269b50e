import { globalRegion } from "@holdfast/core/lock/lock-id";
import { onTestFinished } from "vitest";
import { GlobalRig } from "./global-rig.ts";

/** The lock that a {@link GlobalRig} takes unless it is told otherwise. */
export const rigLock = { region: globalRegion, namespace: "default", name: "l" };

/** Three regions that end with the test. */
export async function startRig(): Promise<GlobalRig> {
  const rig = new GlobalRig();
  await rig.start();
  onTestFinished(() => rig.stop());
  return rig;
}
