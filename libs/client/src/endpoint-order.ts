/** Endpoints nearest first: by the time the last connect took, then as they were given. */
export class EndpointOrder {
  readonly #latencyMs = new Map<string, number>();

  constructor(endpoints: readonly string[]) {
    for (const endpoint of endpoints) this.#latencyMs.set(endpoint, Number.POSITIVE_INFINITY);
  }

  measured(endpoint: string, latencyMs: number): void {
    this.#latencyMs.set(endpoint, latencyMs);
  }

  /** It did not answer: nothing is known of its distance any more. */
  failed(endpoint: string): void {
    this.#latencyMs.set(endpoint, Number.POSITIVE_INFINITY);
  }

  /** All endpoints, `last` at the end wherever it lies: it is the one that just failed. */
  ordered(last?: string): string[] {
    const rank = (endpoint: string) => (endpoint === last ? 1 : 0);
    const latency = (endpoint: string) => this.#latencyMs.get(endpoint) ?? Number.POSITIVE_INFINITY;
    return [...this.#latencyMs.keys()].sort((left, right) => {
      if (rank(left) !== rank(right)) return rank(left) - rank(right);
      // Infinity minus Infinity is not a number: compare, do not subtract. The sort is stable.
      if (latency(left) === latency(right)) return 0;
      return latency(left) < latency(right) ? -1 : 1;
    });
  }
}
