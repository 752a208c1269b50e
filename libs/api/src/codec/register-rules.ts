import type { SessionId } from "@holdfast/base/ids";
import type { Accepted } from "@holdfast/core/quorum/message";
import { decodeAccepted, encodeAccepted } from "@holdfast/core/quorum/register-codec";
import {
  type GlobalRequest,
  type RegisterValue,
  registerLimits,
} from "@holdfast/core/quorum/register-value";

/**
 * A full register of plain text has some 40 KiB, and six times as much where all of its text must
 * be escaped. What is beyond is not looked at; were less allowed, a line of odd labels would make a
 * value that no other region takes, and the lock would stand still.
 */
export const registerBytesMax = 320 * 1024;

/** More regions than there will ever be: only a value that nobody wrote has waiters of so many. */
const regionsMax = 16;
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
/** A session of a single grant begins with a tilde. */
const sessionPattern = /^~?[A-Za-z0-9_-]{1,64}$/;
const regionPattern = /^[a-z0-9-]{1,64}$/;
const fates = new Set(["released", "cancelled", "lost", "forced", "refused"]);
const uint64Max = 2n ** 64n - 1n;

/**
 * Reads a ballot and a register's value that came over the wire, in their stored form. Undefined
 * for anything that this version would not have written itself: what is accepted here is what the
 * next proposer goes on from, so a field that is lost or bent on the way is lost for good.
 */
export function readAccepted(bytes: Uint8Array): Accepted | undefined {
  if (bytes.length > registerBytesMax) return undefined;
  const accepted = decodeAccepted(bytes);
  if (accepted === undefined || !isRegister(accepted.value)) return undefined;
  const again = encodeAccepted(accepted.ballot, accepted.value);
  return Buffer.compare(again, bytes) === 0 ? accepted : undefined;
}

function isRegister({ token, holders, waiters, recent, version }: RegisterValue): boolean {
  return (
    isToken(token) &&
    isCount(version) &&
    holders.length <= registerLimits.sharedHolders &&
    waiters.length <= registerLimits.waitersPerRegion * regionsMax &&
    recent.length <= registerLimits.recent &&
    holders.every((holder) => isRequest(holder) && isToken(holder.token)) &&
    waiters.every(isRequest) &&
    recent.every((each) => {
      return isId(each.grantId) && fates.has(each.fate) && isCount(each.version);
    })
  );
}

function isRequest(request: GlobalRequest): boolean {
  return (
    isId(request.grantId) &&
    isSession(request.session) &&
    typeof request.region === "string" &&
    regionPattern.test(request.region) &&
    isCount(request.ttlMs) &&
    Number.isFinite(request.atMs) &&
    isText(request.owner) &&
    isMetadata(request.metadata)
  );
}

function isMetadata(metadata: unknown): boolean {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return false;
  return Object.values(metadata).every(isText);
}

function isId(id: unknown): boolean {
  return typeof id === "string" && idPattern.test(id);
}

/** A session id, as one coordinator names it to another. */
export function isSession(session: unknown): session is SessionId {
  return typeof session === "string" && sessionPattern.test(session);
}

/** Unpaired surrogates do not survive the way to the store. */
function isText(text: unknown): boolean {
  return typeof text === "string" && text.isWellFormed();
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isToken(token: bigint): boolean {
  return token >= 0n && token <= uint64Max;
}
