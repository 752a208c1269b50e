import { utf8 } from "@holdfast/base/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { append, type ChainHead, genesis, headOf, type Link } from "./chain.ts";
import type { Damage, DamageKind } from "./chain-damage.ts";
import { ChainVerifier } from "./verify-chain.ts";

const start = genesis("c1");

function chainOf(records: readonly Uint8Array[], from: ChainHead = start): Link[] {
  let head = from;
  return records.map((bytes) => {
    const link = append(head, bytes);
    head = link;
    return link;
  });
}

function verify(
  links: readonly Link[],
  trusted: readonly ChainHead[] = [],
  from: ChainHead = start,
): Damage | undefined {
  const verifier = new ChainVerifier(from, trusted);
  for (const link of links) verifier.add(link);
  return verifier.finish();
}

/** The chain of `count` records, all different. */
function plain(count: number): Link[] {
  return chainOf(Array.from({ length: count }, (_, index) => utf8(`record ${index + 1}`)));
}

function rehashed(link: Link, bytes: Uint8Array): Link {
  return append({ ...link, sequence: link.sequence - 1n, hash: link.previous }, bytes);
}

const other = utf8("another");
/** A record made up by somebody who knows how: whole, and a successor to `before`. */
const forged = (before: ChainHead): Link => append(before, other);

interface Expected {
  readonly kind: DamageKind;
  readonly first: number;
  readonly last?: number;
}

/** What can be done to record `at` (0-based) of `links`, and what is to be found. */
type Tampering = (links: readonly Link[], at: number) => readonly [Link[], Expected];

const tamperings: Record<string, Tampering> = {
  "its bytes": (links, at) => [
    links.with(at, { ...links[at]!, bytes: other }),
    { kind: "edited", first: at + 1 },
  ],
  "its hash": (links, at) => [
    links.with(at, { ...links[at]!, hash: start.hash }),
    { kind: "edited", first: at + 1 },
  ],
  "its predecessor": (links, at) => [
    links.with(at, { ...links[at]!, previous: links[at]!.hash }),
    { kind: "edited", first: at + 1 },
  ],
  "its number": (links, at) => [
    links.with(at, { ...links[at]!, sequence: links[at]!.sequence + 5n }),
    { kind: "edited", first: at + 1 },
  ],
  "its cluster": (links, at) => [
    links.with(at, { ...links[at]!, cluster: "c2" }),
    { kind: "edited", first: at + 1 },
  ],
  "its bytes, with a new hash": (links, at) => [
    links.with(at, rehashed(links[at]!, other)),
    at === links.length - 1
      ? { kind: "rewritten", first: 1, last: at + 1 }
      : { kind: "rewritten", first: at + 1 },
  ],
  "its predecessor, with a new hash": (links, at) => [
    links.with(at, append({ ...links[at]!, sequence: BigInt(at) }, links[at]!.bytes)),
    { kind: "rewritten", first: at + 1 },
  ],
  "all from it on, with new hashes": (links, at) => {
    const before = at === 0 ? start : links[at - 1]!;
    const anew = chainOf([other, ...links.slice(at + 1).map(({ bytes }) => bytes)], before);
    const tampered = [...links.slice(0, at), ...anew];
    return [tampered, { kind: "rewritten", first: 1, last: links.length }];
  },
  "by leaving it out": (links, at) => [
    links.toSpliced(at, 1),
    {
      kind: at === links.length - 1 ? "truncated-end" : at === 0 ? "truncated-start" : "deleted",
      first: at + 1,
    },
  ],
  "by leaving it out and linking its neighbours": (links, at) => {
    if (at === 0 || at === links.length - 1) return tamperings["by leaving it out"]!(links, at);
    const neighbour = { ...links[at + 1]!, previous: links[at]!.previous };
    const relinked = append(
      { ...neighbour, sequence: neighbour.sequence - 1n, hash: neighbour.previous },
      neighbour.bytes,
    );
    return [links.toSpliced(at, 2, relinked), { kind: "deleted", first: at + 1 }];
  },
  "by all from it on": (links, at) => [
    links.slice(0, at),
    { kind: "truncated-end", first: at + 1, last: links.length },
  ],
  "by a swap with the one after it": (links, at) => {
    if (at === links.length - 1) return tamperings["its bytes"]!(links, at);
    const tampered = links.toSpliced(at, 2, links[at + 1]!, links[at]!);
    return [tampered, { kind: "reordered", first: at + 1, last: at + 2 }];
  },
  "by doubling it": (links, at) => [
    links.toSpliced(at, 0, links[at]!),
    { kind: "duplicated", first: at + 1 },
  ],
  "by its copy at the end": (links, at) => [
    [...links, links[at]!],
    { kind: "duplicated", first: at + 1 },
  ],
  "by what is no record, before it": (links, at) => [
    links.toSpliced(at, 0, { ...forged(start), bytes: utf8("?") }),
    { kind: "inserted", first: at + 1 },
  ],
  "by another shard's record, before it": (links, at) => [
    links.toSpliced(at, 0, forged(genesis("c2"))),
    { kind: "inserted", first: at + 1 },
  ],
  "by another with its number and predecessor, before it": (links, at) => [
    links.toSpliced(at, 0, forged(at === 0 ? start : links[at - 1]!)),
    { kind: "forked", first: at + 1 },
  ],
  "by another with its number and predecessor, after it": (links, at) => [
    links.toSpliced(at + 1, 0, forged(at === 0 ? start : links[at - 1]!)),
    { kind: "forked", first: at + 1 },
  ],
  "by another that follows the same one, with the next number": (links, at) => {
    if (at === links.length - 1) return tamperings["its bytes"]!(links, at);
    const fork = append({ ...links[at]!, hash: links[at]!.previous }, other);
    return [links.with(at + 1, fork), { kind: "forked", first: at + 2 }];
  },
};

const chains = fc
  .array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 12 })
  .map((records) => chainOf(records));
const chainAndPlace = chains.chain((links) =>
  fc.record({ links: fc.constant(links), at: fc.nat(links.length - 1) }),
);

describe("a chain that nobody touched", () => {
  it("is never reported, wherever it is cut into partitions and whatever heads are known", () => {
    fc.assert(
      fc.property(chainAndPlace, fc.boolean(), ({ links, at }, knowsHead) => {
        const trusted = knowsHead ? [headOf(links[at]!), headOf(links.at(-1)!)] : [];
        const first = new ChainVerifier(
          start,
          trusted.filter(({ sequence }) => sequence <= at),
        );
        for (const link of links.slice(0, at)) expect(first.add(link)).toBeUndefined();
        expect(first.finish()).toBeUndefined();
        const second = new ChainVerifier(structuredClone(first.head), trusted);
        for (const link of links.slice(at)) expect(second.add(link)).toBeUndefined();
        expect(second.finish()).toBeUndefined();
        expect(second.head).toEqual(headOf(links.at(-1)!));
        expect(second.anchored).toBe(BigInt(knowsHead ? links.length : at));
      }),
    );
  });

  it("may be longer than the known head: the checkpoint is stored after the records", () => {
    const links = plain(5);
    expect(verify(links, [links[2]!])).toBeUndefined();
  });
});

describe.each(Object.entries(tamperings))("a record changed: %s", (what, tamper) => {
  it("is found, and named with what was done to it", () => {
    fc.assert(
      fc.property(chainAndPlace, ({ links, at }) => {
        const [tampered, { kind, first, last = first }] = tamper(links, at);
        const damage = verify(tampered, [headOf(links.at(-1)!)]);
        expect(damage).toMatchObject({ kind, first: BigInt(first), last: BigInt(last) });
        expect(damage?.message).toContain("of cluster c1 ");
      }),
    );
  });

  it("is found before whatever was done further on", () => {
    // These two change the end itself, where the other one would come first.
    if (what === "by all from it on" || what === "by its copy at the end") return;
    const later = fc.record({ name: fc.constantFrom(...Object.keys(tamperings)), at: fc.nat(5) });
    fc.assert(
      fc.property(fc.nat(5), later, (at, { name, at: more }) => {
        const links = plain(20);
        // A trusted head between the two says which of them a chain hashed anew belongs to.
        const trusted = [headOf(links[9]!), headOf(links[19]!)];
        const [once] = tamperings[name]!(links, 14 + more);
        const [twice, { kind, first }] = tamper(once, at);
        expect(verify(twice, trusted)).toMatchObject({ kind, first: BigInt(first) });
      }),
    );
  });
});

describe("without a trusted head", () => {
  it("an end that is missing or hashed anew is not found", () => {
    const links = plain(6);
    expect(verify(links.slice(0, 4))).toBeUndefined();
    expect(verify(links.with(5, rehashed(links[5]!, other)))).toBeUndefined();
    expect(verify([...links, forged(links[5]!)])).toBeUndefined();
  });

  it("everything before the end is found all the same", () => {
    const links = plain(8);
    for (const [what, tamper] of Object.entries(tamperings)) {
      if (what.startsWith("all ") || what === "by all from it on") continue;
      const [tampered, { kind, first }] = tamper(links, 3);
      expect([what, verify(tampered)]).toMatchObject([what, { kind, first: BigInt(first) }]);
    }
  });
});

describe("with trusted heads", () => {
  it("a chain hashed anew is found between the last that agrees and the first that does not", () => {
    const links = plain(9);
    const trusted = [links[8]!, links[5]!, links[2]!].map(headOf);
    const [tampered] = tamperings["all from it on, with new hashes"]!(links, 4);
    expect(verify(tampered, trusted)).toMatchObject({ kind: "rewritten", first: 4n, last: 6n });
  });

  it("a record right after one is blamed itself, not the one that is vouched for", () => {
    const links = plain(6);
    const foreign = append({ ...links[2]!, hash: genesis("c2").hash }, other);
    const damage = verify([...links.slice(0, 3), foreign], [links[2]!]);
    expect(damage).toMatchObject({ kind: "rewritten", first: 4n, last: 4n });
  });

  it("a start that is not the known one is found before anything is read", () => {
    const links = plain(3);
    const wrong = { ...headOf(links[0]!), hash: start.hash };
    expect(verify(links.slice(1), [links[0]!], wrong)).toMatchObject({
      kind: "rewritten",
      first: 1n,
    });
  });
});

describe("what stands far away", () => {
  it("several missing records are named from the first to the last", () => {
    const links = plain(9);
    expect(verify(links.toSpliced(3, 3))).toEqual({
      kind: "deleted",
      cluster: "c1",
      first: 4n,
      last: 6n,
      message: "Records 4 to 6 of cluster c1 were deleted: record 7 is the next there is.",
    });
  });

  it("a record that was moved on by two or three places is out of order, further on missing", () => {
    const links = plain(9);
    const moved = (by: number): Link[] => links.toSpliced(3, 1).toSpliced(3 + by, 0, links[3]!);
    expect(verify(moved(2))).toMatchObject({ kind: "reordered", first: 4n });
    expect(verify(moved(3))).toMatchObject({ kind: "reordered", first: 4n });
    expect(verify(moved(4))).toMatchObject({ kind: "deleted", first: 4n, last: 4n });
  });

  it("a record from too far back to be remembered is still one that stands twice", () => {
    const links = plain(80);
    expect(verify([...links, links[3]!])).toMatchObject({ kind: "duplicated", first: 4n });
    expect(verify([...links, forged(links[2]!)])).toMatchObject({ kind: "duplicated", first: 4n });
    expect(verify([...links, forged(links[70]!)])).toMatchObject({ kind: "forked", first: 72n });
  });

  it("the first damage stays the answer, whatever comes after", () => {
    const links = plain(20);
    const verifier = new ChainVerifier(start);
    const tampered = links.toSpliced(15, 1).toSpliced(4, 1);
    const answers = new Set(tampered.map((link) => verifier.add(link)).filter(Boolean));
    expect([...answers]).toEqual([expect.objectContaining({ kind: "deleted", first: 5n })]);
    expect(verifier.head.sequence).toBe(4n);
  });
});
