import { Cancellation } from "@holdfast/base/cancellation";
import type { Failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { majority } from "@holdfast/core/quorum/votes";
import { changingHands, type GlobalContext, noQuorum } from "./global-context.ts";
import { betweenTwo, outOfReach } from "./global-refusals.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { Call, LockTier } from "./ports/lock-tier.ts";
import type { SessionEverywhere } from "./session-everywhere.ts";

/** A router and its way count as one hop each; what came over more came from a coordinator. */
const hopsMax = 2;

/** It came from another coordinator. */
export function isPassedOn({ hops }: Pick<Call, "hops">): boolean {
  return hops > hopsMax;
}

/** Another region that a lock is delegated to, and its coordinators. */
export interface There {
  readonly region: string;
  readonly tier: Pick<LockTier, "execute">;
}

/**
 * The other region that decides who has the lock, as far as is known; undefined where none does, or
 * where the call came from another coordinator already.
 */
export function delegatedTo(
  { region, coordinators }: GlobalContext,
  value: Pick<RegisterValue, "holders"> | undefined,
  call: Pick<Call, "hops">,
): There | undefined {
  const [holder] = value?.holders ?? [];
  if (!holder?.delegation || holder.region === region || isPassedOn(call)) return undefined;
  const tier = coordinators.get(holder.region);
  return tier === undefined ? undefined : { region: holder.region, tier };
}

/**
 * Which region decides who has the lock, by what two regions agree on now; `none` where the
 * register itself does.
 */
export async function whoDecides(
  context: GlobalContext,
  register: GlobalRegister,
  call: Pick<Call, "hops">,
): Promise<There | "here" | "none" | Failure> {
  const { shows } = await register.look();
  if (shows.size < majority) {
    const heard = [...shows.keys()].map((index) => context.regions[index]?.region ?? "");
    return noQuorum(heard, register.silences);
  }
  const seen = survey(shows);
  if (seen === undefined) return changingHands;
  const [holder] = seen.value.holders;
  if (!holder?.delegation) return "none";
  if (holder.region === context.region) return "here";
  return delegatedTo(context, { holders: [holder] }, call) ?? changingHands;
}

/**
 * The other region that decides about a request; its session is known there by then. `unknown`
 * where there is one, and nothing of the request can be found out there.
 */
export async function findThere(
  context: GlobalContext,
  { session }: { readonly session: SessionEverywhere },
  value: RegisterValue,
  call: Pick<Call, "hops">,
): Promise<There | "unknown" | undefined> {
  const [holder] = value.holders;
  if (!holder?.delegation || holder.region === context.region) return undefined;
  const there = delegatedTo(context, value, call);
  const isKnown = there !== undefined && (await session.isKnownIn(there.region));
  return isKnown ? there : "unknown";
}

/**
 * What a first copy is told whose lock is delegated to another region that is not asked: one call
 * is passed on once, and a region may be out of reach.
 */
export function notAsked(call: Pick<Call, "hops">): Failure {
  return isPassedOn(call) ? betweenTwo : outOfReach;
}

/**
 * Passes a command on. What comes of it is told by repeats of the same request, by whatever way:
 * were losing this call to end it there, it would end what its client goes on waiting for.
 */
export function askThere<C extends Command>(
  { surroundings }: GlobalContext,
  { tier }: There,
  command: C,
  { hops }: Pick<Call, "hops">,
  deadlineMs: number,
): Promise<OutcomeOf<C>> {
  const { clock } = surroundings;
  const cancellation = new Cancellation();
  const timer = clock.schedule(Math.max(0, deadlineMs - clock.monotonicMs()), () => {
    cancellation.cancel();
  });
  const asked = tier.execute(command, {
    cancellation,
    deadlineMs,
    // Whoever gets it is the last one: of what begins here nothing has counted yet.
    hops: Math.max(hops, hopsMax) + 1,
    onCallerLost: "keep",
  });
  return asked.finally(() => timer.cancel());
}
