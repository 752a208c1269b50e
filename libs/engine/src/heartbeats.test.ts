import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import { expect, test } from "vitest";
import type { ShardStore } from "./ports/shard-store.ts";
import { call, TestRegion } from "./testing/region.ts";

const names = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** A session with a lease in each of two shards; router 1 met it before it had the second. */
async function halfKnownAtRouter1() {
  const asked = { keepAlive: 0, other: 0 };
  const here = new TestRegion(2, (store) => counted(store, asked));
  await here.start(2);
  const session = await here.open();
  const beat = (leases: readonly SessionLease[], of: SessionId = session) => {
    asked.keepAlive = asked.other = 0;
    const heartbeat = { kind: "heartbeat", session: of, ttlMs: 10_000, list: false } as const;
    return here.router(1).execute({ ...heartbeat, leases }, call());
  };
  await beat([]);
  const leases: SessionLease[] = [];
  for (const name of names) {
    const lock = { region: "here", namespace: "default", name };
    const { lease } = await here.grant({ session, lock }, 0);
    if (leases.every(({ shard }) => shard !== lease.shard)) leases.push(lease);
  }
  expect(leases).toHaveLength(2);
  return { here, asked, leases, beat };
}

function counted(store: ShardStore, asked: { keepAlive: number; other: number }): ShardStore {
  return new Proxy(store, {
    get(target, name: keyof ShardStore) {
      if (name === "keepAlive") asked.keepAlive++;
      else asked.other++;
      return (target[name] as (...args: unknown[]) => unknown).bind(target);
    },
  });
}

const alive = { validForMs: expect.any(Number), unknown: false };

test("a lease that a client names and the router had not met costs one call from then on", async () => {
  const { asked, leases, beat } = await halfKnownAtRouter1();
  const answer = { leases: leases.map((lease) => ({ lease, ...alive })) };
  expect(await beat(leases)).toMatchObject(answer);
  expect(asked).toEqual({ keepAlive: 2, other: 2 });
  expect(await beat(leases)).toMatchObject(answer);
  expect(asked).toEqual({ keepAlive: 2, other: 0 });
});

test("a lease that is not the session's is not remembered as its own", async () => {
  const { here, leases, beat } = await halfKnownAtRouter1();
  const strange = leases.map((lease) => ({ ...lease, leaseId: 77n as LeaseId }));
  for (let beats = 0; beats < 2; beats++) {
    const heard = await beat(strange);
    if (heard.kind !== "heartbeat") throw new Error(heard.message);
    const named = heard.leases.filter(({ lease }) => lease.leaseId === 77n);
    expect(named).toEqual(strange.map((lease) => ({ lease, validForMs: 0, unknown: false })));
  }
  await here.clock.advance(1_000);
  expect(await beat(leases)).toMatchObject({
    leases: leases.map((lease) => ({ lease, ...alive })),
  });
});
