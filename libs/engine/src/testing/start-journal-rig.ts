import { onTestFinished } from "vitest";
import { JournalRig } from "./journal-rig.ts";

/** A shard and a log for journals, which end with the test. */
export function startJournalRig(...options: ConstructorParameters<typeof JournalRig>): JournalRig {
  const rig = new JournalRig(...options);
  onTestFinished(() => rig.stop());
  return rig;
}
