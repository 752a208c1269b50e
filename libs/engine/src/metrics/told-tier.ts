import type { Clock } from "@holdfast/base/clock";
import type { Tracer } from "@holdfast/base/tracer";
import type { LockTier } from "../ports/lock-tier.ts";
import type { Meter } from "../ports/meter.ts";
import { silentMeter } from "../silent-meter.ts";
import { MeasuredTier } from "./measured-tier.ts";
import { TracedTier } from "./traced-tier.ts";

/** The tier with whoever is told of what it is asked for; as it is where nobody is. */
export function toldTier(
  tier: LockTier,
  { meter, tracer }: { readonly meter: Meter; readonly tracer: Tracer | undefined },
  clock: Clock,
  service: string,
): LockTier {
  const measured = meter === silentMeter ? tier : new MeasuredTier(tier, meter, clock);
  return tracer === undefined ? measured : new TracedTier(measured, tracer, service);
}
