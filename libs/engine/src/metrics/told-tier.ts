import type { Clock } from "@holdfast/base/clock";
import type { Tracer } from "@holdfast/base/tracer";
import type { LockTier } from "../ports/lock-tier.ts";
import type { Meter } from "../ports/meter.ts";
import { silentMeter } from "../silent-meter.ts";
import type { OnFault } from "./fault-report.ts";
import { MeasuredTier } from "./measured-tier.ts";
import { TracedTier } from "./traced-tier.ts";

/** Who is told of what a tier is asked for. */
export interface TierWitness {
  readonly meter: Meter;
  /** Absent: nothing is traced. */
  readonly tracer: Tracer | undefined;
  /** Told of requests for whose failure the platform is to blame. */
  readonly onFault?: OnFault;
}

/** The tier with whoever is told of what it is asked for; as it is where nobody is. */
export function toldTier(
  tier: LockTier,
  { meter, tracer, onFault }: TierWitness,
  clock: Clock,
  service: string,
): LockTier {
  const isUnheard = meter === silentMeter && onFault === undefined;
  const measured = isUnheard ? tier : new MeasuredTier(tier, meter, clock, onFault);
  return tracer === undefined ? measured : new TracedTier(measured, tracer, service);
}
