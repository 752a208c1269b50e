/** Every bound a request can meet; the edges are part of the API. Bytes are UTF-8. */
export const limits = {
  nameBytesMax: 256,
  namespaceBytesMax: 64,
  metadataBytesMax: 4096,
  ownerBytesMax: 256,
  /** Of a global lock, all of whose holders and waiters are one value in three regions. */
  globalMetadataBytesMax: 256,
  globalOwnerBytesMax: 64,
  requestIdBytesMax: 128,
  regionBytesMax: 64,
  /** Segments of a name in a hierarchical namespace: each costs one compare. */
  depthMax: 16,
  localTtlMs: { min: 2_000, max: 3_600_000 },
  globalTtlMs: { min: 5_000, max: 3_600_000 },
  waitMsMax: 3_600_000,
  locksPerSessionMax: 1_000,
  waitersPerLockMax: 10_000,
  locksPerRequestMax: 100,
  pageSizeMax: 1_000,
  unaryMessageBytesMax: 64 * 1024,
  streamMessageBytesMax: 1024 * 1024,
  /** Commands of one stream that have no answer yet. */
  commandsInFlightMax: 20_000,
  /** Streams one connection may open. */
  streamsPerConnectionMax: 1_000,
  /** Watches of one lock that one router carries: each is three watches at the lock's shard. */
  watchesPerRouterMax: 10_000,
  /** Watches of a prefix that one router carries: each hears of every change in the region. */
  prefixWatchesPerRouterMax: 100,
} as const;

/** The session ttl a client gets that asks for none. */
export const sessionTtlDefaultMs = 15_000;
