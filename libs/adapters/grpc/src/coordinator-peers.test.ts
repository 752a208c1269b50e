import { Cancellation } from "@holdfast/base/cancellation";
import { SystemClock } from "@holdfast/base/clock";
import { digest132 } from "@holdfast/base/digest";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { expect, onTestFinished, test } from "vitest";
import { coordinatorPeers } from "./coordinator-peers.ts";
import { openDoor } from "./testing/open-door.ts";

const hash = (text: string) =>
  BigInt.asUintN(64, Buffer.from(digest132(text), "base64url").readBigUInt64BE());
const names = Array.from({ length: 40 }, (_, index) => `lock-${index}`);

function call(): Call {
  return { cancellation: new Cancellation(), hops: 0, onCallerLost: "cancel" };
}

function peersOf(addresses: readonly string[]) {
  const peers = coordinatorPeers({ addresses, hash, clock: new SystemClock() });
  onTestFinished(() => peers.close());
  const get = (name: string) =>
    peers.execute({ kind: "get", lock: { region: "global", namespace: "default", name } }, call());
  return { peers, get };
}

test("a lock goes to one coordinator, through whichever router, and the locks spread", async () => {
  const doors = [await openDoor(), await openDoor()];
  const addresses = doors.map(({ server }) => server.address);
  const askedOf = () =>
    doors.map(({ tier }) =>
      tier.asked.map(({ command }) => ("lock" in command ? command.lock.name : "")),
    );
  const [one, other] = [peersOf(addresses), peersOf([...addresses].reverse())];
  for (const name of names) await one.get(name);
  const first = askedOf().map((asked) => [...asked].sort());
  for (const asked of first) expect(asked.length).toBeGreaterThan(5);
  for (const name of names) await other.get(name);
  const both = askedOf().map((asked) => [...new Set(asked)].sort());
  expect(both).toEqual(first);
});

test("the next coordinator takes over what one cannot be sent", async () => {
  const { server, tier } = await openDoor();
  const { get } = peersOf(["127.0.0.1:1", server.address]);
  for (const name of names)
    expect(await get(name)).not.toMatchObject({ code: "SHARD_UNAVAILABLE" });
  expect(tier.asked).toHaveLength(names.length);
});

test("with every coordinator away it is said that they are, and that nothing was done", async () => {
  const { get } = peersOf(["127.0.0.1:1"]);
  expect(await get("a")).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    message: expect.stringContaining("This region's coordinator is out of reach"),
  });
});
