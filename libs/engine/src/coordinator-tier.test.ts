import { failure } from "@holdfast/base/failure";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import type { Command } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import { expect, test } from "vitest";
import { CoordinatorTier } from "./coordinator-tier.ts";
import type { LockTier } from "./ports/lock-tier.ts";
import { call } from "./testing/region.ts";

function rig() {
  const reached: string[] = [];
  const passed = failure("CONTENDED", "it got through");
  const note = (what: string) => {
    reached.push(what);
    return Promise.resolve(passed);
  };
  const locks: LockTier = {
    execute: <C extends Command>(command: C) => note(command.kind) as Promise<OutcomeOf<C>>,
    list: () => note("list"),
    watch: () => note("watch"),
    acquireMany: () => note("many"),
  };
  return { reached, tier: new CoordinatorTier(locks, "us-east-1") };
}

const lockIn = (region: string) => ({ region, namespace: "default", name: "l" });
const place = { namespace: "default", prefix: "" };

test("what is asked of the global tier reaches it", async () => {
  const { tier, reached } = rig();
  await tier.execute({ kind: "get", lock: lockIn("global") }, call());
  const requestId = "r" as RequestId;
  const open = { kind: "open-session", region: "global", ttlMs: 9_000, requestId } as const;
  await tier.execute(open, call());
  const session = "s" as SessionId;
  await tier.execute({ kind: "heartbeat", session, ttlMs: 9_000, leases: [], list: false }, call());
  await tier.list({ ...place, region: "global", pageSize: 1, pageToken: "" }, call());
  const watch = { region: "global", namespace: "default", name: "l", prefix: false };
  await tier.watch({ ...watch, withCurrent: false }, () => {}, call());
  await tier.acquireMany({ acquires: [], allOrNothing: false }, call());
  expect(reached).toEqual(["get", "open-session", "heartbeat", "list", "watch", "many"]);
});

test("what is asked about a region's own locks is refused, not taken for global", async () => {
  const { tier, reached } = rig();
  const refused = { code: "INVALID_ARGUMENT", field: "region" };
  const get = { kind: "get", lock: lockIn("us-east-1") } as const;
  expect(await tier.execute(get, call())).toMatchObject(refused);
  const list = { ...place, region: "us-west-2", pageSize: 1, pageToken: "" };
  expect(await tier.list(list, call())).toMatchObject(refused);
  const watch = { region: "us-east-1", namespace: "default", name: "l", prefix: false };
  const watching = tier.watch({ ...watch, withCurrent: false }, () => {}, call());
  expect(await watching).toMatchObject(refused);
  expect(reached).toEqual([]);
});
