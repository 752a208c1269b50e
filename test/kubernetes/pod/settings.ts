/** What a load in a pod is told to do; it comes as JSON, in the first argument. */
export interface LoadSettings {
  /** Each region by the address of its routers, as its clients know it. */
  readonly regions: readonly RegionDoor[];
  /** Lifetime of a lock without a heartbeat, in ms. */
  readonly ttlMs: number;
  /** Clients of each region that work. */
  readonly clients: number;
  /** Askers of a client that take and give back a lock of their own. */
  readonly askers: number;
  /** Clients of each region that hold a lock and watch others, and do nothing else. */
  readonly idlers: number;
  /** Watches of such a client, each a stream of its own. */
  readonly watches: number;
  /** Locks over all regions are held, and one is handed round between them. */
  readonly global: boolean;
  /** Rest of an asker between two rounds, in ms. */
  readonly restMs: number;
  /** It ends by itself after so long, in s: nobody may be there any more to stop it. */
  readonly secondsMax: number;
}

/** A region, and where it is reached. */
export interface RegionDoor {
  readonly region: string;
  readonly endpoint: string;
}

/** What a load has seen so far. */
export interface LoadFigures {
  readonly operations: number;
  /** Those of each region that were timed and came to what was asked for. */
  readonly byRegion: Readonly<Record<string, number>>;
  /** Operations that came to something else than what was asked for; the first of them. */
  readonly failures: readonly string[];
  readonly failureCount: number;
  /** Broken promises: two holders, a token that did not grow. */
  readonly violations: readonly string[];
  /** Locks that were to be kept all along, and were lost. */
  readonly lost: readonly string[];
  /** Locks that are kept. */
  readonly kept: number;
  /** 99 of 100 operations on a lock that was free took at most this, in ms. */
  readonly p99Ms: number;
  /** The longest such operation, in ms. */
  readonly longestMs: number;
  /** The longest time in which none of these ended, in ms, by region. */
  readonly longestPauseMs: Readonly<Record<string, number>>;
  /** Times that a lock went from one holder to the next. */
  readonly handovers: number;
}

/** A line that a load writes. */
export type LoadLine =
  | { readonly kind: "ready"; readonly kept: number }
  | { readonly kind: "progress"; readonly figures: LoadFigures }
  | { readonly kind: "report"; readonly figures: LoadFigures }
  | { readonly kind: "failed"; readonly why: string };
