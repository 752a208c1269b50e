import type { Holdfast } from "@holdfast/client/holdfast";
import { expect } from "vitest";
import { until } from "../until.ts";

/** What a CACHED answer may be old, with what a busy machine may add. */
export const boundMs = 7_000;

/** Locks as a client's cached reads show them. */
export class CachedView {
  readonly #holdfast: Holdfast;

  constructor(holdfast: Holdfast) {
    this.#holdfast = holdfast;
  }

  /** One cached read. */
  get(name: string) {
    return this.#holdfast.get(name, { consistency: "cached" });
  }

  /** Reads until the cache answers; what it answers must be right all along. */
  async answersFromCache(name: string, holders: number): Promise<void> {
    await until(`${name} comes from the cache`, async () => {
      const state = await this.get(name);
      expect(state.holderCount).toBe(holders);
      return state.ageMs !== undefined;
    });
  }

  /** How long it lags behind a change, in ms; longer than the bound is a failure. */
  async lagOf(name: string, holders: number): Promise<number> {
    const began = performance.now();
    const seen = async () => (await this.get(name)).holderCount === holders;
    await until(`${name} shows ${holders} holders`, seen, boundMs);
    return performance.now() - began;
  }
}
