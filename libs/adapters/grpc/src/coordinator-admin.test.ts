import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import type { AdminTier, GlobalMember } from "@holdfast/engine/ports/admin-tier";
import { expect, onTestFinished, test } from "vitest";
import { CoordinatorAdmin } from "./coordinator-admin.ts";
import { fakeAdmin } from "./testing/fake-admin.ts";
import { openDoor } from "./testing/open-door.ts";

const global: GlobalMember = {
  reachable: true,
  rttMs: 71.5,
  problem: "",
  incarnation: "s0:01234567",
  generation: 3,
  votes: true,
};

/** A coordinator that answers as `admin` says, and what a router of its region sees of it. */
async function coordinator(admin: Partial<AdminTier>) {
  const { server } = await openDoor({ admin: { ...fakeAdmin, ...admin } });
  const seen = new CoordinatorAdmin(["127.0.0.1:1", server.address]);
  onTestFinished(() => seen.close());
  return seen;
}

test("the regions' parts in the global tier are told as the coordinator sees them", async () => {
  const region = { name: "us-west-2", local: false, endpoints: [], reachable: true, problem: "" };
  const seen = await coordinator({ regions: async () => [{ ...region, rttMs: 9, global }] });
  expect(await seen.members()).toEqual(new Map([["us-west-2", global]]));
});

test("a re-admission tells how far it is, and how it ended", async () => {
  const heard: number[] = [];
  const seen = await coordinator({
    readmit: async (region, onProgress) => {
      onProgress({ registersCopied: 5, step: `copying to ${region}` });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { kind: "readmitted", registersCopied: 9, generation: 4 };
    },
  });
  const outcome = await seen.readmit(
    "us-west-2",
    ({ registersCopied }) => heard.push(registersCopied),
    new Cancellation(),
  );
  expect(outcome).toEqual({ kind: "readmitted", registersCopied: 9, generation: 4 });
  expect(heard).toEqual([5]);
});

test("a re-admission that fails says why", async () => {
  const why = failure("SHARD_UNAVAILABLE", "us-east-1 does not answer", { shard: "us-east-1" });
  const seen = await coordinator({ readmit: async () => why });
  expect(await seen.readmit("us-west-2", () => {}, new Cancellation())).toEqual(why);
});

test("coordinators that cannot be reached are a failure", async () => {
  const seen = new CoordinatorAdmin(["127.0.0.1:1"]);
  onTestFinished(() => seen.close());
  const away = { code: "SHARD_UNAVAILABLE" };
  expect(await seen.members()).toMatchObject(away);
  expect(await seen.readmit("us-west-2", () => {}, new Cancellation())).toMatchObject(away);
});
