import { utf8, utf8Text } from "@holdfast/base/bytes";
import { type Ballot, ballotBytes, decodeBallot, encodeBallot } from "./ballot.ts";
import type { Accepted } from "./message.ts";
import type { GlobalHolder, GlobalRequest, RegisterValue } from "./register-value.ts";

const version = 1;

/**
 * A value never changes once it is made, and is sent to three regions before it is stored in each:
 * writing it every time was a third of what a vote cost.
 */
const written = new WeakMap<RegisterValue, Uint8Array>();

/** A ballot, a version byte, then JSON, so that an operator can read it with the store's tools. */
export function encodeAccepted(ballot: Ballot, value: RegisterValue): Uint8Array {
  const json = written.get(value) ?? jsonOf(value);
  written.set(value, json);
  const bytes = new Uint8Array(ballotBytes + 1 + json.length);
  bytes.set(encodeBallot(ballot));
  bytes[ballotBytes] = version;
  bytes.set(json, ballotBytes + 1);
  return bytes;
}

function jsonOf(value: RegisterValue): Uint8Array {
  return utf8(
    JSON.stringify({
      t: value.token.toString(),
      h: value.holders.map((holder) => ({ ...shorten(holder), t: holder.token.toString() })),
      w: value.waiters.map(shorten),
      r: value.recent.map(({ grantId, fate, version: at }) => [grantId, fate, at]),
      v: value.version,
    }),
  );
}

/** Undefined where the bytes are of another version or damaged: never guess at a holder. */
export function decodeAccepted(bytes: Uint8Array): Accepted | undefined {
  const ballot = decodeBallot(bytes);
  if (ballot === undefined || bytes[ballotBytes] !== version) return undefined;
  try {
    const { t, h, w, r, v } = JSON.parse(utf8Text(bytes.subarray(ballotBytes + 1)));
    return {
      ballot,
      value: {
        token: BigInt(t),
        holders: h.map((each: Short & { t: string }): GlobalHolder => {
          return { ...lengthen(each), token: BigInt(each.t) };
        }),
        waiters: w.map(lengthen),
        recent: r.map(([grantId, fate, at]: [never, never, number]) => {
          return { grantId, fate, version: at };
        }),
        version: v,
      },
    };
  } catch {
    return undefined;
  }
}

/** A request in few letters, as it is stored. */
export interface Short {
  readonly g: string;
  readonly s: string;
  readonly n: string;
  readonly l: number;
  readonly m?: "s";
  readonly o: string;
  readonly a: number;
  readonly d?: Readonly<Record<string, string>>;
  readonly k?: 1;
}

/** The stored form of a request; {@link lengthen} reads it back. */
export function shorten(request: GlobalRequest): Short {
  return {
    g: request.grantId,
    s: request.session,
    n: request.region,
    l: request.ttlMs,
    o: request.owner,
    a: request.atMs,
    ...(request.mode === "shared" ? { m: "s" as const } : {}),
    ...(Object.keys(request.metadata).length === 0 ? {} : { d: request.metadata }),
    ...(request.delegation ? { k: 1 as const } : {}),
  };
}

/** Reads {@link shorten}'s form. */
export function lengthen(short: Short): GlobalRequest {
  return {
    grantId: short.g as GlobalRequest["grantId"],
    session: short.s as GlobalRequest["session"],
    region: short.n,
    ttlMs: short.l,
    mode: short.m === "s" ? "shared" : "exclusive",
    owner: short.o,
    metadata: short.d ?? {},
    atMs: short.a,
    ...(short.k === undefined ? {} : { delegation: true as const }),
  };
}
