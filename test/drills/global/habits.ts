import type { Habits } from "../worker.ts";

/** Of the clients that are never harmed themselves: a few locks, some hotter than others. */
export const busy: Habits = {
  locks: ["hot", "hot", "warm", "warm", "a", "b", "c", "d", "e", "f"],
  scope: "global",
  isHurried: true,
  ttlMs: 5_000,
  waitMs: 3_000,
  tryShare: 0.3,
  sharedShare: 0.25,
  longShare: 0.03,
  holdMsMax: 25,
  longHoldMsMax: 1_200,
  thinkMsMax: 150,
};

/** Of a process that is frozen: it nearly always holds something. */
export const clinging: Habits = {
  ...busy,
  locks: ["a", "b", "c"],
  tryShare: 0,
  sharedShare: 0,
  longShare: 1,
  longHoldMsMax: 2_500,
  thinkMsMax: 20,
};

/** Of those who only find out whether anything is granted: each lock is used once. */
export const probing: Habits = {
  ...busy,
  fresh: true,
  tryShare: 0,
  sharedShare: 0,
  longShare: 0,
  holdMsMax: 5,
  thinkMsMax: 60,
};

/** Everybody wants the one lock, and has the patience that so long a line asks for. */
export const crowding: Habits = {
  ...busy,
  locks: ["hot"],
  waitMs: 60_000,
  tryShare: 0.1,
  sharedShare: 0,
  longShare: 0,
  holdMsMax: 5,
  thinkMsMax: 200,
};

/** As {@link crowding}, and nobody is so impatient as to be told that it was in vain. */
export const lining: Habits = { ...crowding, tryShare: 0 };

/** Of a process that holds what it has for as long as it can. */
export const keeping: Habits = { ...clinging, longHoldMsMin: 30_000, longHoldMsMax: 40_000 };

/**
 * Of those who want what the keeping ones hold, for as long as it takes. They come one after the
 * other, so that somebody changes the register at any time.
 */
export const inheriting: Habits = {
  ...keeping,
  // By then somebody has the lock from the register.
  fromMs: 2_000,
  waitMs: 20_000,
  longShare: 0,
  holdMsMax: 10,
  thinkMsMax: 9_000,
};

/** Of one that gives up soon, and comes again. */
export const fidgeting: Habits = {
  ...inheriting,
  sharedShare: 1,
  waitMs: 800,
  thinkMsMax: 300,
};

/** Everybody wants the same new lock at the same time, so that first proposals meet. */
export const duelling: Habits = {
  ...busy,
  locks: ["duel"],
  slotMs: 400,
  waitMs: 1_000,
  sharedShare: 0,
  longShare: 0,
  holdMsMax: 5,
  thinkMsMax: 100,
};

/** Of those who use a lock so much, and in one region, that it is delegated there. */
export const using: Habits = {
  ...busy,
  waitMs: 6_000,
  tryShare: 0,
  sharedShare: 0,
  longShare: 0,
  thinkMsMax: 200,
};

/**
 * Of a process that keeps a lock which others of its region have been using: it has it by
 * delegation. Its own lease outlives those of others, so that it is the delegation that counts.
 */
export const lodging: Habits = { ...keeping, fromMs: 1_500, ttlMs: 12_000, waitMs: 20_000 };

/** Of those elsewhere who want a lock once it is delegated, for as long as it takes. */
export const claiming: Habits = {
  ...inheriting,
  // Later than what is taken away is, also where processes take seconds to begin.
  fromMs: 5_500,
  waitMs: 25_000,
  thinkMsMax: 500,
};
