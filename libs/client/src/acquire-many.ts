import type { HeldLock } from "./held-lock.ts";
import type { HoldfastError } from "./holdfast-error.ts";

/** What one of several acquires came to. */
export type ManyResult<L = HeldLock> =
  | { readonly granted: true; readonly lock: L }
  | { readonly granted: false; readonly error: HoldfastError };

/** One of several locks to take. */
export interface ManyMember {
  /** Names the lock; the order of these is the order in which locks are waited for. */
  readonly key: string;
  /** Never rejects. */
  acquire(): Promise<ManyResult>;
}

/**
 * Takes every lock or none: throws the first error once what was taken is given back. With a wait
 * they are taken one after the other in the order of their keys, because two callers that wait for
 * each other's locks in different orders would wait for ever.
 */
export async function acquireAllOrNone(
  members: readonly ManyMember[],
  waits: boolean,
): Promise<HeldLock[]> {
  const results = waits ? await inOrder(members) : await atOnce(members);
  let error: HoldfastError | undefined;
  const locks: HeldLock[] = [];
  for (const member of members) {
    const result = results.get(member);
    if (result?.granted) locks.push(result.lock);
    else error ??= result?.error;
  }
  if (error === undefined) return locks;
  await Promise.all(locks.map((lock) => lock.release()));
  throw error;
}

async function atOnce(members: readonly ManyMember[]): Promise<Map<ManyMember, ManyResult>> {
  const results = await Promise.all(members.map((member) => member.acquire()));
  return new Map(results.map((result, index) => [members[index] as ManyMember, result]));
}

async function inOrder(members: readonly ManyMember[]): Promise<Map<ManyMember, ManyResult>> {
  const sorted = [...members].sort((left, right) => (left.key < right.key ? -1 : 1));
  const results = new Map<ManyMember, ManyResult>();
  for (const member of sorted) {
    const result = await member.acquire();
    results.set(member, result);
    if (!result.granted) break;
  }
  return results;
}
