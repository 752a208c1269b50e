import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";

/**
 * What a region's shard knows of the latest delegation of a lock. Every local grant replaces it by
 * the next one in the granting transaction, and compares all of it: so a step that was built on
 * anything older, and whatever stalled on its way, does nothing.
 */
export interface DelegationState {
  /** The grant id that the delegation has in the register. */
  readonly id: GrantId;
  /** The upper bits of its token in the register. */
  readonly counter: bigint;
  /** The last number given out under this counter; 0: none yet. */
  readonly sequence: number;
  /** Closed, it gives out nothing any more, and its end may be proposed. */
  readonly isOpen: boolean;
}

const sequenceBits = 20n;
/** Numbers of one counter. */
export const sequenceMax = 2 ** 20 - 1;
const counterBytes = 8;
const headBytes = counterBytes + 5;
const open = 0x6f;
const closed = 0x63;

/** The counter of a token of the register. */
export function counterOf(token: bigint): bigint {
  return token >> sequenceBits;
}

/** The token was given out by a delegation, and not by the register itself. */
export function isLocalToken(token: bigint): boolean {
  return (token & BigInt(sequenceMax)) !== 0n;
}

/** A delegation as it is opened. A grant by the register itself has the number 0. */
export function openedState(id: GrantId, counter: bigint): DelegationState {
  return { id, counter, sequence: 0, isOpen: true };
}

/** The state that the next local grant leaves. */
export function grantedState(state: DelegationState): DelegationState {
  invariant(state.isOpen, "a closed delegation grants nothing");
  invariant(state.sequence < sequenceMax, "a delegation is renewed before its numbers run out");
  return { ...state, sequence: state.sequence + 1 };
}

/** The state that closing leaves. */
export function closedState(state: DelegationState): DelegationState {
  return { ...state, isOpen: false };
}

/**
 * The token of the grant that left `state`. Larger than every other of the same counter before it,
 * and smaller than all of the next one.
 */
export function localToken({ counter, sequence }: DelegationState): bigint {
  return (counter << sequenceBits) | BigInt(sequence);
}

/**
 * The counter comes first and in big-endian: "smaller than these 8 bytes" is what opening compares.
 */
export function encodeState({ id, counter, sequence, isOpen }: DelegationState): Uint8Array {
  const name = utf8(id);
  const bytes = new Uint8Array(headBytes + name.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, counter);
  view.setUint32(counterBytes, sequence);
  bytes[headBytes - 1] = isOpen ? open : closed;
  bytes.set(name, headBytes);
  return bytes;
}

/** Undefined where the bytes are damaged. */
export function decodeState(bytes: Uint8Array): DelegationState | undefined {
  const mark = bytes[headBytes - 1];
  if (bytes.length <= headBytes || (mark !== open && mark !== closed)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headBytes);
  return {
    id: utf8Text(bytes.subarray(headBytes)) as GrantId,
    counter: view.getBigUint64(0),
    sequence: view.getUint32(counterBytes),
    isOpen: mark === open,
  };
}

/** A state of a lower counter is below these bytes, one of this counter or a higher one is not. */
export function encodeCounter(counter: bigint): Uint8Array {
  const bytes = new Uint8Array(counterBytes);
  new DataView(bytes.buffer).setBigUint64(0, counter);
  return bytes;
}

/** The very same state. */
export function sameState(left: DelegationState, right: DelegationState): boolean {
  return (
    left.id === right.id &&
    left.counter === right.counter &&
    left.sequence === right.sequence &&
    left.isOpen === right.isOpen
  );
}

/** `state` was the shard's before `known` was: who knows the later one sees that data was lost. */
export function isOlderState(state: DelegationState, known: DelegationState): boolean {
  if (state.counter !== known.counter) return state.counter < known.counter;
  if (state.sequence !== known.sequence) return state.sequence < known.sequence;
  return state.isOpen && !known.isOpen;
}
