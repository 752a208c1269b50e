import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { type BeatenLease, DelegationSession, type LeasesOfLock } from "./delegation-session.ts";

const ttlMs = 9_000;

/** Three regions that answer after a while, or not at all; leases are numbered as they are made. */
class Regions {
  readonly clock = new ManualClock();
  readonly delaysMs: (number | undefined)[] = [10, 40, 60];
  readonly leases = [11n, 12n, 13n];
  beats = 0;
  readonly session = new DelegationSession<string>({
    id: "s" as SessionId,
    ttlMs,
    home: 0,
    clock: this.clock,
    beats: {
      meet: (region, _lock, _session, answer) => this.#answer(region, answer),
      keepAlive: (region, _lock, _session, answer) => this.#answer(region, answer),
    },
  });

  #answer(region: number, answer: (lease: BeatenLease) => void): void {
    this.beats++;
    const delayMs = this.delaysMs[region];
    const lease = this.leases[region] as LeaseId;
    if (delayMs === undefined) return;
    this.clock.schedule(delayMs, () => answer({ shard: "s0", lease, validForMs: 8_000 }));
  }
}

const confirmedBy = (regions: Regions, ...at: number[]) =>
  new Map(at.map((region) => [region, regions.leases[region] as LeaseId]));

/** A delegation has joined, and all regions have answered. */
async function joined() {
  const regions = new Regions();
  const leases: LeasesOfLock = new Map();
  regions.session.join("lock", leases, () => {});
  await regions.clock.advance(100);
  return { regions, leases, all: confirmedBy(regions, 0, 1, 2) };
}

test("two regions are enough to go on, and the time of one that is silent is bounded", async () => {
  const regions = new Regions();
  const leases: LeasesOfLock = new Map();
  let joined = 0;
  regions.session.join("lock", leases, () => joined++);
  await regions.clock.advance(39);
  expect(joined).toBe(0);
  await regions.clock.advance(1);
  expect(joined).toBe(1);
  regions.delaysMs.fill(undefined);
  regions.session.meet("other", new Map(), () => joined++);
  await regions.clock.advance(ttlMs / 3);
  expect(joined).toBe(2);
});

test("D is the second-latest deadline, each from before its keepalive was sent", async () => {
  const { regions, leases, all } = await joined();
  expect(regions.session.deadlineMs(all, leases)).toBe(8_000);
  // Two regions fall silent: the third one's keepalives do not move D.
  regions.delaysMs.fill(undefined, 1);
  await regions.clock.advance(7_000);
  expect(regions.session.deadlineMs(all, leases)).toBe(8_000);
  expect(regions.session.liveIn(leases)).toEqual([0, 1, 2]);
  await regions.clock.advance(2_000);
  expect(regions.session.liveIn(leases)).toEqual([0]);
});

test("a grant may be believed in for three quarters of the ttl at any moment, while all answer", async () => {
  const { regions, leases, all } = await joined();
  let leastMs = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 300; step++) {
    await regions.clock.advance(100);
    const leftMs = regions.session.deadlineMs(all, leases) - regions.clock.monotonicMs();
    leastMs = Math.min(leastMs, leftMs);
  }
  // Leases are valid for 8 s; the farther of two answers after 40 ms.
  expect(leastMs).toBeGreaterThan(8_000 - ttlMs / 6 - 150);
});

test("a lease made anew does not count for what hangs on the old one", async () => {
  const regions = new Regions();
  const leases: LeasesOfLock = new Map();
  regions.session.join("lock", leases, () => {});
  await regions.clock.advance(100);
  const before = confirmedBy(regions, 0, 1);
  regions.leases[1] = 22n;
  regions.session.meet("lock", leases);
  await regions.clock.advance(100);
  expect(regions.session.deadlineMs(before, leases)).toBe(0);
  expect(regions.session.deadlineMs(confirmedBy(regions, 0, 1), leases)).toBe(8_100);
});

test("what was abandoned is kept alive no more, and neither is what nothing hangs on", async () => {
  for (const end of ["abandon", "leave"] as const) {
    const regions = new Regions();
    regions.session.join("lock", new Map(), () => {});
    await regions.clock.advance(ttlMs);
    regions.session[end]();
    const before = regions.beats;
    await regions.clock.advance(3 * ttlMs);
    expect(regions.beats).toBe(before);
    expect(before).toBeGreaterThan(6);
  }
});
