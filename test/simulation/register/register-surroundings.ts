import type { LeaseId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import type { Network } from "./network.ts";
import type { RegisterChecks } from "./register-checks.ts";
import type { RegisterRecord } from "./register-record.ts";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

/** What every part of the world lives in. */
export interface RegisterSurroundings {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly weather: Weather;
  readonly network: Network;
  readonly checks: RegisterChecks;
  /** Absent where nobody looks at what the histories tell. */
  readonly record?: RegisterRecord;
  nextLease(): LeaseId;
}
