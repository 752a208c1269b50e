import { emptyBytes } from "@holdfast/base/bytes";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import { livenessKey, registerKeys } from "@holdfast/core/quorum/register-keys";
import { registerLimits } from "@holdfast/core/quorum/register-value";
import { expect, test } from "vitest";
import type { GlobalContext } from "./global-context.ts";
import { GlobalQueue } from "./global-queue.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { GlobalRig } from "./testing/global-rig.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

/** Grants of other global locks that hang on the session's leases in a region. */
async function holdOthers(world: GlobalRig, session: SessionId, count: number): Promise<void> {
  const { shards, sessions } = world.local("east").context;
  const [[name, lease] = []] = sessions.knownLeasesOf(session) ?? [];
  const shard = shards.get(name ?? "");
  if (name === undefined || lease === undefined || shard === undefined) throw new Error("no lease");
  for (let index = 0; index < count; index++) {
    const grantId = `other-${index}` as GrantId;
    const key = livenessKey(registerKeys(1, "default", grantId), grantId);
    const live = { kind: "put", key, value: emptyBytes, lease: lease.marker.lease } as const;
    await shard.store.commit({ compares: [], success: [live], failure: [] });
    sessions.count(session, name, grantId);
  }
}

test("a session takes its 1,000th global lock, and another one once it gave one back", async () => {
  const world = await startRig();
  const session = await world.open("east");
  await holdOthers(world, session, limits.locksPerSessionMax - 1);
  const last = await world.grant("east", { session });
  const named = { session, lock: { ...lock, name: "one too many" } };
  const refused = await world.run("east", world.acquire(named));
  expect(refused).toMatchObject({ code: "QUOTA_EXCEEDED", field: "session_id" });
  expect(await world.run("east", world.acquire({ session, waitMs: 1_000 }))).toMatchObject({
    code: "QUOTA_EXCEEDED",
  });
  await world.run("east", {
    kind: "release",
    lock,
    grantId: last.grantId,
    token: last.token,
    session,
    repeated: false,
  });
  expect((await world.grant("east", named)).lock.name).toBe("one too many");
});

test("10,000 of a region wait for one lock, those in the register among them, and no more", async () => {
  const world = await startRig();
  const register = {
    lock,
    newest: undefined,
    listen: () => () => {},
    look: () => new Promise(() => {}),
  };
  const context = {
    region: "east",
    local: world.local("east").context,
    surroundings: world,
  };
  const queue = new GlobalQueue(
    context as unknown as GlobalContext,
    register as unknown as GlobalRegister,
  );
  const heard = { onPlace: () => {}, onNotice: () => {}, onTurn: () => {} };
  for (let index = 0; index < registerLimits.waitersPerRegion; index++) {
    queue.wait(`waiter-${index}` as GrantId, heard);
  }
  const inLine = limits.waitersPerLockMax - registerLimits.waitersPerRegion;
  for (let index = 0; index < inLine; index++) {
    expect(queue.standInLine(`in-line-${index}` as GrantId, heard)).not.toBe("full");
  }
  expect(queue.standInLine("one too many" as GrantId, heard)).toBe("full");
  queue.stop();
});
