import assert from "node:assert/strict";
import type { SessionId } from "@holdfast/base/ids";
import { packed, packedAfter } from "../packed.ts";
import { freshRegion, type Region } from "../region.ts";
import type { Hazard } from "./hazard.ts";

const wasSplit = "a batch was refused whole and had to be split";
const bystanderHit = "an operation on another lease was refused";

/** One put with a lease that has vanished: the whole batch is refused, nothing of it applied. */
export const vanishedLease: Hazard = {
  number: 3,
  title: "a vanished lease fails the batch",
  scenarios: [
    {
      name: "an acquire whose lease vanished is told so, and costs its batch nothing",
      run: acquireOnVanished,
      guards: [
        {
          what: "an acquire compares the marker of its lease",
          file: "libs/core/src/lock/enqueue.ts",
          find: "markerLives(plan.marker),",
          replace: "",
          fails: wasSplit,
        },
      ],
    },
    {
      name: "a renewal onto a lease that vanished does not renew, and costs its batch nothing",
      run: renewalOnVanished,
      guards: [
        {
          what: "a renewal compares the marker of the newer lease",
          file: "libs/core/src/lock/renew.ts",
          find: "markerLives(marker),",
          replace: "",
          fails: wasSplit,
        },
      ],
    },
    {
      name: "a tombstone on a lease that vanished costs its batch nothing",
      run: tombstoneOnVanished,
      guards: [
        {
          what: "a tombstone compares the marker of its lease",
          file: "libs/core/src/lock/release.ts",
          find: "compares: [epochIs(epoch), markerLives(lease)],",
          replace: "compares: [epochIs(epoch)],",
          fails: wasSplit,
        },
      ],
    },
    {
      name: "where a lease vanishes before its marker stands, only its owner is refused",
      run: vanishedBeforeMarker,
      guards: [
        {
          what: "a refused batch is split and sent again",
          file: "libs/engine/src/committer.ts",
          find: "await this.#split(members);",
          replace: "for (const { settle } of members) settle(reply);",
          fails: bystanderHit,
        },
      ],
    },
  ],
};

async function acquireOnVanished(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const bystander = await region.open();
  const culprit = await region.open();
  const lease = region.gate().granted.at(-1);
  assert(lease !== undefined);
  const answers = await packed(
    region,
    [...bystanders(region, bystander), () => region.acquire("mine", { session: culprit })],
    async () => void (await region.store().revokeLease(lease)),
  );
  const outcomes = await Promise.all(answers);
  const last = outcomes.pop();
  assert.equal(last?.kind === "failure" && last.code, "SESSION_EXPIRED");
  for (const { kind } of outcomes) assert.equal(kind, "granted");
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
}

async function renewalOnVanished(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const bystander = await region.open();
  const { lock, grantId, token } = await region.grant("mine", { ttlMs: 10_000 });
  const [renewal, ...answers] = await packedAfter(
    region,
    "v/p",
    // Another ttl, so that the lease in the pool will not do.
    () => region.execute({ kind: "renew", lock, grantId, token, ttlMs: 20_000 }),
    bystanders(region, bystander),
    async () => {
      const lease = region.gate().granted.at(-1);
      assert(lease !== undefined);
      await region.store().revokeLease(lease);
    },
  );
  for (const answer of answers) assert.equal((await answer).kind, "granted");
  assert.equal((await renewal).kind, "failure");
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
  const [holder] = await region.keys("x/", 0);
  assert(holder !== undefined, "the grant is still there, under its older lease");
}

async function tombstoneOnVanished(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const bystander = await region.open();
  const culprit = await region.open();
  const lease = region.gate().granted.at(-1);
  assert(lease !== undefined);
  const grant = await region.grant("mine", { session: culprit });
  const [release, ...answers] = await packed<{ readonly kind: string; readonly code?: string }>(
    region,
    [() => region.release(grant, culprit, true), ...bystanders(region, bystander)],
    async () => void (await region.store().revokeLease(lease)),
  );
  for (const answer of answers) assert.equal((await answer).kind, "granted");
  const outcome = await release;
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
  assert.equal(outcome?.code, "NOT_HELD");
}

/** A marker cannot be compared while it is being made: here the batch is refused, and split. */
async function vanishedBeforeMarker(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const bystander = await region.open();
  const [opening, ...answers] = await packed<{ readonly kind: string; readonly code?: string }>(
    region,
    [
      () =>
        region.open().then(
          () => ({ kind: "opened" }),
          () => ({ kind: "refused" }),
        ),
      ...bystanders(region, bystander),
    ],
    async () => {
      const lease = region.gate().granted.at(-1);
      assert(lease !== undefined);
      await region.store().revokeLease(lease);
    },
  );
  for (const answer of answers) assert.equal((await answer).kind, "granted", bystanderHit);
  assert.equal((await opening)?.kind, "refused");
  const { splits } = region.shard().committer.counts;
  // Halving 21 operations until the culprit is alone.
  assert(splits >= 1 && splits <= 5, `${splits} splits`);
}

function bystanders(region: Region, session: SessionId) {
  return Array.from({ length: 20 }, (_, index) => () => {
    return region.acquire(`other-${index}`, { session });
  });
}
