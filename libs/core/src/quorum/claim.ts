import type { Members } from "./members.ts";

/** What one shard says of itself, all of it as of one moment. */
export interface ShardClaim {
  readonly name: string;
  /** Empty where it could not be read. */
  readonly incarnation: string;
  /** The generation it votes at; 0 while it gives no votes. */
  readonly generation: number;
  /** The record it was admitted by; absent before, or where its bytes cannot be read. */
  readonly members?: Members;
  /** It keeps no register. Only such a shard may take part without having been copied into. */
  readonly isBlank: boolean;
  /** It was admitted again not long ago: what liveness it lacks proves nothing [H3]. */
  readonly isHalfTrusted: boolean;
  /** Why it could not be read, for people; empty where it was. */
  readonly problem: string;
}

/** What all shards of a region say of themselves. */
export interface RegionClaims {
  readonly kind: "claims";
  readonly region: string;
  readonly shards: readonly ShardClaim[];
}
