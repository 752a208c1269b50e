import type { GrantId } from "@holdfast/base/ids";
import { describe, expect, test } from "vitest";
import type { AuditEvent } from "./event.ts";
import { holdersAt } from "./holders-at.ts";

const local = { region: "east", namespace: "default", name: "l" };
const everywhere = { region: "global", namespace: "default", name: "l" };

/** What an event says that differs from those around it. */
type Said = Partial<Record<string, unknown>> & { readonly kind: AuditEvent["kind"] };

let revision = 0n;

/** The next event of the east's shard. */
function event(atMs: number, { kind, ...said }: Said): AuditEvent {
  revision += 1n;
  const { region = "east", lock = local } = said;
  return {
    kind,
    cluster: `c/${region}/s0`,
    revision,
    index: 0,
    atMs,
    region,
    shard: "s0",
    lock,
    grantId: "a" as GrantId,
    token: 1n,
    mode: "exclusive",
    owner: said.grantId ?? "a",
    ttlMs: 10_000,
    ...said,
  } as unknown as AuditEvent;
}

/** The same told by several regions' copies, `lagMs` after each other. */
function told(atMs: number, regions: readonly string[], said: Said, lagMs = 10): AuditEvent[] {
  const register = { lock: everywhere, home: "east", ...said };
  return regions.map((region, at) => event(atMs + at * lagMs, { region, ...register }));
}

function ballot(round: number) {
  return { round, proposer: 1, incarnation: 1 };
}

function who(lock: typeof local, atMs: number, events: readonly AuditEvent[]) {
  const before = events.filter((each) => each.atMs <= atMs);
  const after = events.filter((each) => each.atMs > atMs);
  const { holders, isSettled } = holdersAt(lock, atMs, before, after);
  return {
    holders: holders.map(({ event: { grantId, token }, sinceMs, by }) => {
      const regions = "quorum" in by ? by.quorum?.regions.join("+") : "";
      return `${grantId} ${token} since ${sinceMs} ${by.kind} ${regions}`.trimEnd();
    }),
    isSettled,
  };
}

describe("a local lock", () => {
  const story = [
    event(1_000, { kind: "LockAcquired", grantId: "a", token: 5n }),
    event(2_000, { kind: "LockReleased", grantId: "a", token: 5n, cause: "released" }),
    event(2_000, { kind: "LockHandedOver", grantId: "b", token: 7n, from: "a" }),
    event(4_000, { kind: "LockExpired", grantId: "b", token: 7n }),
  ];

  test("is held from its grant to its end, the moment of an end not included", () => {
    expect(who(local, 999, story)).toEqual({ holders: [], isSettled: false });
    expect(who(local, 1_000, story).holders).toEqual(["a 5 since 1000 shard"]);
    expect(who(local, 1_999, story).holders).toEqual(["a 5 since 1000 shard"]);
    expect(who(local, 3_999, story).holders).toEqual(["b 7 since 2000 shard"]);
    expect(who(local, 4_000, story)).toEqual({ holders: [], isSettled: true });
  });

  test("whose end alone was recorded was held before it, since nobody knows when", () => {
    expect(who(local, 3_000, story.slice(3))).toEqual({
      holders: ["b 7 since undefined shard"],
      isSettled: true,
    });
    // Whoever begins only later was not there yet.
    expect(who(local, 500, story)).toEqual({ holders: [], isSettled: false });
  });

  test("is held by all who share it", () => {
    const shared = [
      event(1_000, { kind: "LockAcquired", grantId: "a", token: 5n, mode: "shared" }),
      event(2_000, { kind: "LockAcquired", grantId: "b", token: 6n, mode: "shared" }),
      event(3_000, { kind: "LockReleased", grantId: "a", token: 5n, mode: "shared" }),
    ];
    expect(who(local, 2_500, shared).holders).toEqual([
      "a 5 since 1000 shard",
      "b 6 since 2000 shard",
    ]);
    expect(who(local, 3_000, shared)).toEqual({
      holders: ["b 6 since 2000 shard"],
      isSettled: false,
    });
  });

  test("whoever a gap does not tell anew has ended in it, whatever else was told of the lock", () => {
    const gap = { kind: "AuditGap", lock: undefined, missingFrom: 1n, missingTo: 2n } as const;
    const found = { kind: "LockAcquired", found: true, grantId: "a", token: 5n } as const;
    const held = event(1_000, { kind: "LockAcquired", grantId: "a", token: 5n });
    const story = [held, event(2_000, gap)];
    expect(who(local, 1_999, story).holders).toEqual(["a 5 since 1000 shard"]);
    expect(who(local, 2_000, story)).toEqual({ holders: [], isSettled: true });
    const still = [...story, event(2_000, found)];
    expect(who(local, 2_000, still).holders).toEqual(["a 5 since 1000 shard"]);
    // Another shard's history is not this one's.
    const elsewhere = [held, event(2_000, { ...gap, region: "west" })];
    expect(who(local, 2_000, elsewhere).holders).toEqual(["a 5 since 1000 shard"]);
  });

  test("what a gap swallowed ended in it, and what was found behind it was there before", () => {
    const found = { kind: "LockAcquired", found: true } as const;
    const gap = [
      event(1_000, { kind: "LockAcquired", grantId: "a", token: 5n, mode: "shared" }),
      event(1_000, { kind: "LockAcquired", grantId: "b", token: 6n, mode: "shared" }),
      event(3_000, { ...found, grantId: "b", token: 6n, mode: "shared" }),
      event(3_000, { ...found, grantId: "c", token: 7n, mode: "shared" }),
    ].map((each, at) => (at === 3 ? { ...each, revision: revision - 1n, index: 1 } : each));
    expect(who(local, 2_000, gap).holders).toEqual([
      "a 5 since 1000 shard",
      "b 6 since 1000 shard",
    ]);
    expect(who(local, 3_000, gap).holders).toEqual([
      "b 6 since 1000 shard",
      "c 7 since undefined shard",
    ]);
  });

  test("two that overlap are both told, with a doubt", () => {
    const twice = [
      event(1_000, { kind: "LockAcquired", grantId: "a", token: 5n }),
      event(2_000, { kind: "LockAcquired", grantId: "b", token: 6n }),
    ];
    const found = holdersAt(local, 2_000, twice);
    expect(found.holders).toHaveLength(2);
    expect(found.doubts).toEqual([expect.stringContaining("granted twice")]);
  });

  test("what could not be read is a doubt until somebody has the lock alone", () => {
    const odd = { kind: "RecordUnreadable", record: "x", change: "put" } as const;
    const unread = event(1_500, odd);
    expect(holdersAt(local, 2_000, [...story.slice(0, 1), unread]).doubts).toEqual([
      expect.stringContaining("could not be read"),
    ]);
    const next = event(4_500, { kind: "LockAcquired", grantId: "c", token: 9n });
    expect(holdersAt(local, 5_000, [...story, unread, next]).doubts).toEqual([]);
  });
});

describe("a global lock", () => {
  const granted: Said = {
    kind: "GlobalGranted",
    grantId: "a",
    token: 5n << 20n,
    ballot: ballot(1),
    version: 1,
  };
  const released: Said = {
    ...granted,
    kind: "GlobalReleased",
    ballot: ballot(2),
    version: 2,
    cause: "released",
  };

  test("is held from when the second region accepted the grant to when one did the end", () => {
    const story = [
      ...told(1_000, ["east", "north", "west"], granted),
      ...told(2_000, ["north", "west"], released),
    ];
    const a = `a ${5n << 20n} since 1010 quorum`;
    expect(who(everywhere, 1_009, story).holders).toEqual([]);
    // The third one is told of, though it came later.
    expect(who(everywhere, 1_010, story).holders).toEqual([`${a} east+north+west`]);
    expect(who(everywhere, 2_009, story).holders).toEqual([`${a} east+north+west`]);
    expect(who(everywhere, 2_010, story)).toEqual({ holders: [], isSettled: true });
  });

  test("is not held by what one region alone accepted, under whatever ballots", () => {
    const story = [
      ...told(1_000, ["east"], granted),
      ...told(1_100, ["north"], { ...granted, ballot: ballot(3) }),
    ];
    expect(who(everywhere, 2_000, story)).toEqual({ holders: [], isSettled: false });
    // The first one's ballot again: now two have the very same.
    const again = [...story, ...told(1_200, ["west"], { ...granted, kind: "GlobalAccepted" })];
    expect(who(everywhere, 2_000, again).holders).toHaveLength(1);
  });

  test("an end that was never chosen ends nothing", () => {
    const story = [
      ...told(1_000, ["east", "north"], granted),
      ...told(1_500, ["west", "east"], { ...released, cause: "unchosen" }),
    ];
    expect(who(everywhere, 2_000, story).holders).toHaveLength(1);
  });

  test("that two regions found after their gaps is held, nobody knows since when", () => {
    const found = { ...granted, found: true };
    const story = [...told(1_000, ["east", "north"], found)];
    expect(who(everywhere, 2_000, story).holders).toEqual([
      `a ${5n << 20n} since undefined quorum east+north`,
    ]);
    const known = [...story, ...told(1_100, ["west"], granted)];
    expect(who(everywhere, 2_000, known).holders).toEqual([
      `a ${5n << 20n} since 1010 quorum east+north+west`,
    ]);
  });

  test("a delegated one is held by whom its region let in, with the delegation's quorum", () => {
    const given: Said = { ...granted, kind: "DelegationGiven", grantId: "d" };
    const inside = { lock: everywhere, grantId: "a", token: (5n << 20n) + 1n };
    const taken: Said = { ...released, kind: "DelegationEnded", grantId: "d", cause: "lost" };
    const story = [
      ...told(1_000, ["east", "north", "west"], given),
      event(1_500, { kind: "DelegatedGranted", ...inside }),
      ...told(3_000, ["north", "west"], taken),
    ];
    const a = `a ${(5n << 20n) + 1n} since 1500 delegation east+north+west`;
    expect(who(everywhere, 1_200, story).holders).toEqual([]);
    expect(who(everywhere, 2_000, story).holders).toEqual([a]);
    expect(holdersAt(everywhere, 2_000, story.slice(0, 4)).delegation).toMatchObject({
      region: "east",
      token: 5n << 20n,
    });
    // Its region may not know yet that it was taken away.
    expect(who(everywhere, 3_010, story).holders).toEqual([]);
  });

  test("a renewed delegation keeps whoever is inside from before", () => {
    const given: Said = { ...granted, kind: "DelegationGiven", grantId: "d" };
    const renewed: Said = {
      ...given,
      kind: "DelegationRenewed",
      token: 6n << 20n,
      ballot: ballot(4),
      version: 2,
    };
    const inside = { lock: everywhere, grantId: "a", token: (5n << 20n) + 9n };
    const story = [
      ...told(1_000, ["east", "north"], given),
      event(1_500, { kind: "DelegatedGranted", ...inside }),
      ...told(2_000, ["east", "north"], renewed),
    ];
    expect(who(everywhere, 3_000, story).holders).toHaveLength(1);
    expect(holdersAt(everywhere, 3_000, story).delegation?.token).toBe(6n << 20n);
  });

  test("a delegation that is not in what was read is no reason to doubt whom it let in", () => {
    const inside = { lock: everywhere, grantId: "a", token: (5n << 20n) + 9n };
    const found = holdersAt(everywhere, 2_000, [
      event(1_500, { kind: "DelegatedGranted", ...inside }),
    ]);
    expect(found).toMatchObject({ isSettled: true, isExplained: false });
    expect(found.holders[0]?.by).toEqual({ kind: "delegation", region: "east" });
  });
});
