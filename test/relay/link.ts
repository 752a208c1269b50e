/** What one direction of a {@link TcpRelay} does to the bytes that pass; change it at any time. */
export interface Link {
  /** How long each byte is under way, in milliseconds. */
  latencyMs: number;
  /** At most this much is added to it, drawn for each chunk; order is kept. */
  jitterMs: number;
  /** Bytes a second for each connection; 0: as fast as they come. */
  bytesPerSecond: number;
  /** Nothing passes. The bytes wait, as they do where TCP sends them again and again. */
  held: boolean;
}

/** A direction that does nothing but pass. */
export function openLink(): Link {
  return { latencyMs: 0, jitterMs: 0, bytesPerSecond: 0, held: false };
}
