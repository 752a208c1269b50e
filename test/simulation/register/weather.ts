import type { Random } from "@holdfast/base/random";

/** How hostile a schedule is; chosen from its seed. */
export interface Weather {
  readonly loss: number;
  readonly copies: number;
  /** Messages that take up to this much longer, in milliseconds. */
  readonly jitterMs: number;
  /** The higher, the fewer are that late. */
  readonly lateness: 2 | 4 | 64;
  /** Crashes, pauses, cuts, wipes: one every so many milliseconds; 0 is none. */
  readonly faultEveryMs: number;
  /** How far apart the regions are; 1 is as far as in the world. */
  readonly distance: number;
  /** Sessions live for 700 ms to this. */
  readonly ttlMaxMs: number;
  readonly holdMaxMs: number;
  readonly driftMax: number;
  readonly coordinatorsPerRegion: 1 | 2;
  /** Regions lose all their data, one at a time, and are admitted again. */
  readonly isWiping: boolean;
  /**
   * A region is filled so soon that what was sent before it was lost may arrive after that; most
   * messages are on time.
   */
  readonly isSoonFilled: boolean;
  /** One region loses its links one after the other, for longer than leases live. */
  readonly isRolling: boolean;
  /** Some links are very slow and the others are not. */
  readonly isSlow: boolean;
  /** Clients that repeat their requests soon and through others, over few leases. */
  readonly isRestless: boolean;
  /** Clients that hold the lock for a moment only, so that what was long ago is forgotten. */
  readonly isChurning: boolean;
  /** How soon an operator has a region readmitted, at the latest. */
  readonly operatorMs: number;
  /** How long there are faults, in milliseconds. */
  readonly busyMs: number;
  /**
   * What the lock must be had in at the end. `calm`: nothing is wrong. `impaired`: one region is
   * away or slow, or one link is cut. `island`: the holder's session reaches its own region only.
   * `nearer`: somebody nearer to the quorum takes the lock as often as it can.
   */
  readonly finale: "calm" | "impaired" | "island" | "nearer";
}

/** Each schedule is about one thing, so that the rare ones come often enough. */
export function weatherOf(random: Random): Weather {
  const roll = () => random.next();
  const kind = roll();
  const isSlow = kind < 0.2;
  const isWiping = !isSlow && kind < 0.45;
  const isSoonFilled = isWiping && kind < 0.25;
  const isRestless = !isSlow && !isWiping && kind < 0.65;
  const isChurning = isRestless && kind < 0.53;
  const isRolling = kind > 0.82;
  // Some messages are so late that what they answer is long over.
  const isLate = isSlow || isChurning || isSoonFilled || ((isWiping || isRestless) && roll() < 0.5);
  const last = roll();
  return {
    loss: isSlow || roll() < 0.4 ? 0 : roll() * (isChurning ? 0.1 : 0.25),
    copies: roll() < 0.5 ? 0 : roll() * 0.2,
    jitterMs: isLate
      ? (isChurning || isSoonFilled ? 3 : 1) * (400 + roll() * 600)
      : roll() < 0.3
        ? 2
        : roll() * 300,
    lateness: isChurning || isSoonFilled ? 64 : isLate ? 2 : 4,
    faultEveryMs: isSlow ? 300 + roll() * 600 : roll() < 0.3 ? 0 : 200 + roll() * 2_000,
    distance: isRolling || isChurning || isSoonFilled || roll() < 0.5 ? 0.1 : 1,
    ttlMaxMs: isRolling || isSlow ? 1_000 : 2_400,
    holdMaxMs: isRolling ? 6_000 : isChurning || isSoonFilled ? 60 : 3_500,
    driftMax: 0.004,
    coordinatorsPerRegion: roll() < 0.3 ? 2 : 1,
    isWiping,
    isSoonFilled,
    isRolling,
    isSlow,
    isRestless,
    isChurning,
    operatorMs: isSoonFilled ? 30 : roll() < 0.5 ? 150 : 700,
    busyMs: isRolling ? 4_500 : 3_000,
    finale: last < 0.55 ? "calm" : last < 0.75 ? "impaired" : last < 0.9 ? "island" : "nearer",
  };
}
