import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { codeOf, granted, type Rig, rigOf } from "./testing/rig.ts";

const held = { kind: "held", holders: [], queueLength: 0, retryAfterMs: 250 } as const;

/** Grants every lock but those named, which are held, and releases whatever is released. */
function taken(rig: Rig, ...names: string[]): void {
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) => {
    if (command.kind === "release") return { kind: "released", handedOver: false };
    if (command.kind !== "acquire") return rest(command, endpoint);
    return names.includes(command.lock.name) ? held : granted(command);
  };
}

test("several locks are asked for in one turn, each with its own result", async () => {
  const rig = await rigOf();
  taken(rig, "b");
  const results = await rig.client.acquireMany(["a", "b", "c"], { wait: 0 });
  expect(results.map((result) => (result.granted ? result.lock.name : result.error.code))).toEqual([
    "a",
    "HELD",
    "c",
  ]);
  const sent = rig.net.all("acquire");
  expect(new Set(sent.map((one) => one.atMs)).size).toBe(1);
});

test("all or nothing gives back what it got when one is taken", async () => {
  const rig = await rigOf();
  taken(rig, "b");
  const taking = rig.client.acquireMany(["a", "b", "c"], { wait: 0, allOrNothing: true });
  expect(await codeOf(taking)).toBe("HELD");
  const released = rig.net.all("release").map((sent) => sent.command.lock.name);
  expect(released.sort()).toEqual(["a", "c"]);
});

test("all or nothing returns the locks in the order they were named", async () => {
  const rig = await rigOf();
  taken(rig);
  const locks = await rig.client.acquireMany(["z", "a", "m"], { allOrNothing: true });
  expect(locks.map((lock) => lock.name)).toEqual(["z", "a", "m"]);
  expect(await rig.client.releaseMany(locks)).toEqual(["released", "released", "released"]);
});

test("with a wait they are waited for one after the other in one order everywhere", async () => {
  const rig = await rigOf();
  taken(rig);
  await rig.client.acquireMany(["z", "a", "m"], { allOrNothing: true, wait: "5s" });
  expect(rig.net.all("acquire").map((sent) => sent.command.lock.name)).toEqual(["a", "m", "z"]);
});

test("the first that fails ends the waiting for the others", async () => {
  const rig = await rigOf();
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) => {
    if (command.kind === "release") return { kind: "released", handedOver: false };
    if (command.kind !== "acquire") return rest(command, endpoint);
    return command.lock.name === "b" ? failure("TOO_MANY_WAITERS", "Full.") : granted(command);
  };
  const taking = rig.client.acquireMany(["a", "b", "c"], { allOrNothing: true, wait: "5s" });
  expect(await codeOf(taking)).toBe("TOO_MANY_WAITERS");
  expect(rig.net.all("acquire").map((sent) => sent.command.lock.name)).toEqual(["a", "b"]);
});

test("more names than a request may have, or one twice, are refused", async () => {
  const rig = await rigOf();
  const many = Array.from({ length: 101 }, (_, index) => `n${index}`);
  expect(await codeOf(rig.client.acquireMany(many))).toBe("INVALID_ARGUMENT");
  expect(await codeOf(rig.client.acquireMany(["a", "a"]))).toBe("INVALID_ARGUMENT");
  expect(rig.net.sent).toEqual([]);
});
