import type { Patience } from "@holdfast/simulator/history/run";

/** How long things may take in a world with nothing disturbed. */
export const patience: Patience = {
  promotionMs: 5_000,
  answerMs: 8_000,
  unknownGrantMs: 70_000,
  silenceMs: 12_000,
};
