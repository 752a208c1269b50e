import { utf8, utf8Text } from "@holdfast/base/bytes";
import { digest132 } from "@holdfast/base/digest";
import type { LockState, Tenant } from "@holdfast/core/command/outcome";
import type { ListPage } from "./ports/lock-tier.ts";

/**
 * What a cache keeps of an answer: enough to judge, without asking anybody, how much it is worth.
 */
export interface CachedAnswer<Answer> {
  readonly answer: Answer;
  /** Wall time before it was asked for, at the router that asked. */
  readonly readAtMs: number;
  /** By shard, the lowest revision at which it was read there. */
  readonly seen: ReadonlyMap<string, bigint>;
}

/** How a kind of answer becomes JSON and comes back. */
export interface AnswerForm<Answer> {
  pack(answer: Answer): unknown;
  /** `ageMs` after it was read. Throws where it was never packed. */
  unpack(packed: never, ageMs: number): Answer;
}

/** Characters of the digest that stands before the JSON. */
const digestLength = 22;

/** A digest over key and answer, then the answer as JSON. */
export function encodeAnswer<Answer>(
  key: string,
  { answer, readAtMs, seen }: CachedAnswer<Answer>,
  form: AnswerForm<Answer>,
): Uint8Array {
  const revisions = [...seen].map(([shard, revision]) => [shard, String(revision)]);
  const json = JSON.stringify({ at: readAtMs, seen: revisions, is: form.pack(answer) });
  return utf8(digestOf(key, json) + json);
}

/**
 * Undefined where the bytes are not what a router of this version wrote under this very key: what
 * stands in a cache may be damaged, or the answer to another question.
 */
export function decodeAnswer<Answer>(
  key: string,
  bytes: Uint8Array,
  form: AnswerForm<Answer>,
  nowWallMs: number,
): CachedAnswer<Answer> | undefined {
  const text = utf8Text(bytes);
  const json = text.slice(digestLength);
  if (text.slice(0, digestLength) !== digestOf(key, json)) return undefined;
  try {
    const { at, seen, is } = JSON.parse(json);
    const revisions = seen.map(([shard, revision]: [string, string]) => [shard, BigInt(revision)]);
    const answer = form.unpack(is as never, Math.max(0, nowWallMs - at));
    return { answer, readAtMs: at, seen: new Map(revisions) };
  } catch {
    return undefined;
  }
}

function digestOf(key: string, json: string): string {
  return digest132(`${key}\0${json}`);
}

/** A holder or waiter whose token is text: no JSON number is wide enough. */
type PackedTenant = Omit<Tenant, "token"> & { readonly token: string };

type PackedLock = Omit<LockState, "revision" | "holders" | "waiters"> & {
  readonly revision: string;
  readonly holders: readonly PackedTenant[];
  readonly waiters: readonly PackedTenant[];
};

/** Answers to a Get. */
export const lockForm: AnswerForm<LockState> = {
  pack: (state): PackedLock => ({
    ...state,
    revision: String(state.revision),
    holders: state.holders.map(packTenant),
    waiters: state.waiters.map(packTenant),
  }),
  unpack: (packed: PackedLock, ageMs): LockState => ({
    ...packed,
    revision: BigInt(packed.revision),
    holders: packed.holders.map((tenant) => unpackTenant(tenant, ageMs)),
    waiters: packed.waiters.map((tenant) => unpackTenant(tenant, ageMs)),
    ageMs,
  }),
};

type PackedPage = Omit<ListPage, "locks"> & {
  readonly locks: readonly (Omit<ListPage["locks"][number], "holder"> & {
    readonly holder: PackedTenant;
  })[];
};

/** Pages of a List. */
export const pageForm: AnswerForm<ListPage> = {
  pack: (page): PackedPage => ({
    ...page,
    locks: page.locks.map(({ lock, holder }) => ({ lock, holder: packTenant(holder) })),
  }),
  unpack: (packed: PackedPage, ageMs): ListPage => ({
    ...packed,
    locks: packed.locks.map(({ lock, holder }) => ({ lock, holder: unpackTenant(holder, ageMs) })),
    ageMs,
  }),
};

function packTenant(tenant: Tenant): PackedTenant {
  return { ...tenant, token: String(tenant.token) };
}

/** Its age goes on while it lies in the cache. */
function unpackTenant(tenant: PackedTenant, ageMs: number): Tenant {
  return { ...tenant, token: BigInt(tenant.token), ageMs: tenant.ageMs + ageMs };
}
