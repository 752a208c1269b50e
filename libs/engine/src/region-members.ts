import { type Failure, failure } from "@holdfast/base/failure";
import { randomId } from "@holdfast/base/random";
import type { RegionClaims, ShardClaim } from "@holdfast/core/quorum/claim";
import { claimTxn, disownTxn, joinTxn, raiseTxn, readClaim } from "@holdfast/core/quorum/claim-txn";
import { type Members, memberName } from "@holdfast/core/quorum/members";
import type { OtherGeneration } from "@holdfast/core/quorum/message";
import { type RegisterCopy, readCopies, readCopiesTxn } from "@holdfast/core/quorum/register-copy";
import { registersOf } from "@holdfast/core/quorum/register-keys";
import type { RegistersPage, RegistersQuery } from "./ports/membership-peer.ts";
import { printShard, type Shard, type Surroundings, storeFailure, unreached } from "./shard.ts";

/** Keys read at once; a register has two of them at least. */
const pageKeys = 128;
/** Bytes of registers in one answer: it must fit a message between coordinators. */
const pageBytes = 512 * 1024;

/** What this process last saw of a shard. */
interface Sighting {
  readonly incarnation: string;
  readonly revision: bigint;
}

/** The shards of this coordinator's own region, as far as it matters who belongs. */
export class RegionMembers {
  readonly region: string;
  readonly #shards: readonly Shard[];
  readonly #surroundings: Surroundings;
  readonly #refusalOf: (shard: Shard) => Failure | undefined;
  readonly #seen = new Map<string, Sighting>();

  /** `refusalOf`: why a shard is not the one it is configured as. */
  constructor(
    region: string,
    shards: readonly Shard[],
    surroundings: Surroundings,
    refusalOf: (shard: Shard) => Failure | undefined,
  ) {
    this.region = region;
    this.#shards = shards;
    this.#surroundings = surroundings;
    this.#refusalOf = refusalOf;
  }

  /** What all of them say of themselves just now. */
  async describe(): Promise<RegionClaims> {
    const shards = await Promise.all(this.#shards.map((shard) => this.claim(shard)));
    return { kind: "claims", region: this.region, shards };
  }

  /** What one of them says. A shard that was set back to an older state becomes a new one first. */
  async claim(shard: Shard): Promise<ShardClaim> {
    const refusal = this.#refusalOf(shard);
    if (refusal !== undefined) return unread(shard, refusal.message);
    const before = this.#seen.get(shard.name);
    // Asked of the store itself, alone: a batch would be answered as one with votes in it.
    const reply = await shard.store.commit(claimTxn(randomId(this.#surroundings.random)));
    if (reply.kind !== "committed") return unread(shard, unreached(shard, reply).message);
    const claim = readClaim(shard.name, reply.result);
    const { incarnation } = claim;
    const isSetBack = before?.incarnation === incarnation && reply.revision < before.revision;
    if (isSetBack) return this.#disown(shard, claim);
    const seen = this.#seen.get(shard.name);
    const isNewer = seen?.incarnation !== incarnation || seen.revision < reply.revision;
    if (isNewer) this.#seen.set(shard.name, { incarnation, revision: reply.revision });
    return claim;
  }

  /** Raises what votes and is listed; what could not be reached stays behind, and is seen to be. */
  async raise(record: Members): Promise<RegionClaims> {
    await Promise.all(
      this.#shards.map(async (shard) => {
        const claim = await this.claim(shard);
        const listed = record.shards[memberName(this.region, shard.name)];
        if (claim.generation === 0 || claim.generation >= record.generation) return;
        if (listed?.incarnation !== claim.incarnation) return;
        await shard.store.commit(raiseTxn(claim, record));
      }),
    );
    return this.describe();
  }

  /** Lets one shard of a new installation vote; whether it does is seen when it is asked again. */
  async join(name: string, record: Members): Promise<void> {
    const shard = this.shard(name);
    if (shard === undefined) return;
    const claim = await this.claim(shard);
    const listed = record.shards[memberName(this.region, name)];
    if (claim.incarnation !== listed?.incarnation) return;
    await shard.store.commit(joinTxn(claim, record));
  }

  /** One page of one shard after the other. */
  async readRegisters(query: RegistersQuery): Promise<RegistersPage | OtherGeneration | Failure> {
    const { index, key } = parseCursor(query);
    const shard = this.#shards[index];
    if (shard === undefined) return { kind: "registers", copies: [], next: "" };
    const { end } = registersOf(query.firstSlot, query.lastSlot);
    const txn = readCopiesTxn(query.generation, { prefix: key, end }, pageKeys);
    const reply = await shard.store.commit(txn);
    if (reply.kind !== "committed") return unreached(shard, reply);
    const page = readCopies(reply.result);
    if (page.kind === "other-generation") return page;
    if (page.kind === "unreadable") return unreadable(shard, page.key);
    const { copies, cut } = fitting(page.copies);
    const following = cut ?? page.next;
    if (following !== undefined)
      return { kind: "registers", copies, next: cursor(index, following) };
    const isLast = index + 1 >= this.#shards.length;
    return { kind: "registers", copies, next: isLast ? "" : cursor(index + 1, "") };
  }

  shard(name: string): Shard | undefined {
    return this.#shards.find((each) => each.name === name);
  }

  /** What it promised since is gone: it must be copied into like one that lost everything. */
  async disown(shard: Shard, claim: ShardClaim): Promise<ShardClaim> {
    const reply = await shard.store.commit(disownTxn(claim, randomId(this.#surroundings.random)));
    if (reply.kind !== "committed") return unread(shard, storeFailure(shard, reply).message);
    return this.claim(shard);
  }

  #disown(shard: Shard, claim: ShardClaim): Promise<ShardClaim> {
    this.#seen.delete(shard.name);
    return this.disown(shard, claim);
  }
}

function unread({ name }: Shard, problem: string): ShardClaim {
  const nothing = { incarnation: "", generation: 0, isBlank: false, isHalfTrusted: false };
  return { name, ...nothing, problem };
}

/** Never guess at a promise: the bytes stay as they are, for somebody to look at. */
function unreadable(shard: Shard, key: string): Failure {
  return failure(
    "SHARD_UNAVAILABLE",
    `Shard ${printShard(shard)} keeps bytes under ${JSON.stringify(key)} that are no vote: they ` +
      "are of a newer version, or damaged. They are left as they are.",
    { shard: printShard(shard) },
  );
}

/** As many as one answer takes, at least one; `cut`: the key of the first that did not fit. */
function fitting(copies: readonly RegisterCopy[]): {
  readonly copies: readonly RegisterCopy[];
  readonly cut?: string;
} {
  let bytes = 0;
  for (const [index, copy] of copies.entries()) {
    bytes += copy.name.length + copy.namespace.length + (copy.accepted?.length ?? 0) + 64;
    if (index === 0 || bytes <= pageBytes) continue;
    const { prefix } = registersOf(copy.slot, copy.slot);
    const cut = `${prefix}${copy.namespace}/${copy.name}/\0`;
    return { copies: copies.slice(0, index), cut };
  }
  return { copies };
}

function cursor(index: number, key: string): string {
  return `${index} ${key}`;
}

/** A cursor that is not one of ours reads from the first key on, which is harmless. */
function parseCursor({ after, firstSlot, lastSlot }: RegistersQuery): {
  readonly index: number;
  readonly key: string;
} {
  const { prefix, end } = registersOf(firstSlot, lastSlot);
  const space = after.indexOf(" ");
  const index = Number.parseInt(after.slice(0, Math.max(0, space)), 10);
  const key = after.slice(space + 1);
  const isInside = space > 0 && key >= prefix && key < end;
  return { index: Number.isNaN(index) ? 0 : Math.max(0, index), key: isInside ? key : prefix };
}
