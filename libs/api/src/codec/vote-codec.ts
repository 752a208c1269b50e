import type { GrantId } from "@holdfast/base/ids";
import type { RegionVote } from "@holdfast/core/command/outcome";
import { RegionVote as WireVote } from "../generated/holdfast/v1/lock_service.ts";
import type { WireReader } from "../wire/wire-reader.ts";
import type { WireWriter } from "../wire/wire-writer.ts";
import { wholeDown } from "./shared-encode.ts";

// What a region says of a global lock is asked for by people, so the generated codec does for it.

/** A `RegionVote` in `field`. */
export function writeVote(writer: WireWriter, field: number, vote: RegionVote): void {
  const message = WireVote.encode({
    ...vote,
    rttMs: Math.max(0, vote.rttMs),
    version: BigInt(wholeDown(vote.version)),
    live: [...vote.live],
  });
  writer.bytes(field, message.finish());
}

/** A `RegionVote`; undefined where the bytes are none. */
export function readVote(reader: WireReader): RegionVote | undefined {
  const bytes = reader.view();
  try {
    const { version, live, ...vote } = WireVote.decode(bytes);
    return { ...vote, version: Number(version), live: live as GrantId[] };
  } catch {
    return undefined;
  }
}
