import { blindRepeats } from "./blind-repeats.ts";
import { conflictingOperations } from "./conflicting-operations.ts";
import { duplicateKey } from "./duplicate-key.ts";
import type { Hazard } from "./hazard.ts";
import { limitsOfBatch } from "./limits.ts";
import { missingEpoch } from "./missing-epoch.ts";
import { unknownOutcome } from "./unknown-outcome.ts";
import { vanishedLease } from "./vanished-lease.ts";

/** All of them, as the design counts them. */
export const hazards: readonly Hazard[] = [
  conflictingOperations,
  duplicateKey,
  vanishedLease,
  limitsOfBatch,
  missingEpoch,
  unknownOutcome,
  blindRepeats,
];
