import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Cancellation } from "@holdfast/base/cancellation";
import { TcpRelay } from "../../relay/tcp-relay.ts";
import { freshRegion, newRequestId } from "../region.ts";
import { until } from "../until.ts";
import type { Hazard } from "./hazard.ts";

/** Longest time for one call to etcd here, in milliseconds. */
const deadlineMs = 1_000;

/** A timeout is no refusal: the write may have landed, or may land yet. */
export const unknownOutcome: Hazard = {
  number: 6,
  title: "an unknown outcome",
  scenarios: [
    {
      name: "releases whose answers are lost are told as unknown, and not sent again",
      run: lostReleases,
      guards: [
        {
          what: "only what was certainly refused is sent again",
          file: "libs/engine/src/committer.ts",
          find: '} else if (reply.kind === "rejected") {',
          replace: '} else if (reply.kind === "rejected" || reply.kind === "unknown") {',
          fails: "a release that was carried out was answered with NOT_HELD",
        },
      ],
    },
    {
      name: "an acquire whose answer was lost, repeated with its request id, finds its own grant",
      run: repeatedAcquire,
      guards: [
        {
          what: "the grant id follows from session and request id alone",
          file: "libs/core/src/lock/grant-id.ts",
          find: "digest132(`",
          replace: "digest132(Math.random() + `",
          fails: "the repeat met its own grant as a stranger's",
        },
      ],
    },
    {
      name: "a grant whose caller is gone is taken back, however long etcd does not answer",
      run: callerGone,
      guards: [
        {
          what: "a request whose caller is gone is cancelled",
          file: "libs/engine/src/local-acquire.ts",
          find: 'if (cares && cancellation.cancelled && onCallerLost === "cancel") {',
          replace: "if (!cares && cancellation.cancelled) {",
          fails: "the grant of a caller that is gone stands",
        },
        {
          what: "the cancel is repeated until its answer is definite",
          file: "libs/engine/src/abandoned.ts",
          find: "if (clock.monotonicMs() >= untilMs) return;",
          replace: "return;",
          fails: "the grant of a caller that is gone stands",
        },
      ],
    },
  ],
};

async function lostReleases(url: string): Promise<void> {
  await using relay = await TcpRelay.start(url);
  await using region = await freshRegion(url, { through: relay.url, deadlineMs });
  const session = await region.open();
  const grants = [await region.grant("one", { session }), await region.grant("two", { session })];
  relay.shape("toClient", { held: true });
  // Two, so that they go as a batch.
  const releases = grants.map((grant) => region.release(grant, session));
  await until("both releases are carried out", async () => (await region.keys("x/")).length === 0);
  // Whoever sends them again at their deadline shall have an answer.
  await sleep(deadlineMs + 200);
  relay.mend();
  for (const outcome of await Promise.all(releases)) {
    const code = outcome.kind === "failure" ? outcome.code : outcome.kind;
    assert.notEqual(code, "NOT_HELD", "a release that was carried out was answered with NOT_HELD");
    assert.equal(code, "UNKNOWN_OUTCOME");
  }
}

async function repeatedAcquire(url: string): Promise<void> {
  await using relay = await TcpRelay.start(url);
  await using region = await freshRegion(url, { through: relay.url, deadlineMs });
  const session = await region.open();
  const request = { session, requestId: newRequestId() };
  relay.shape("toClient", { held: true });
  const lost = region.acquire("lock", request);
  await until("it is carried out", async () => (await region.keys("x/")).length === 1);
  const outcome = await lost;
  assert.equal(outcome.kind === "failure" && outcome.code, "UNKNOWN_OUTCOME");
  relay.mend();
  const again = await region.acquire("lock", request);
  assert.notEqual(again.kind, "held", "the repeat met its own grant as a stranger's");
  assert(again.kind === "granted");
  const [holder, ...others] = await region.keys("x/");
  assert.equal(others.length, 0);
  assert.equal(BigInt.asUintN(44, again.grant.token), holder?.createRevision);
}

async function callerGone(url: string): Promise<void> {
  await using relay = await TcpRelay.start(url);
  await using region = await freshRegion(url, { through: relay.url, deadlineMs });
  const session = await region.open();
  const cancellation = new Cancellation();
  relay.shape("toClient", { held: true });
  const lost = region.acquire("lock", { session }, { cancellation });
  await until("it is granted", async () => (await region.keys("x/")).length === 1);
  // No cancel reaches etcd for a while.
  relay.cut();
  cancellation.cancel();
  const outcome = await lost;
  await sleep(1_500);
  assert.equal((await region.keys("x/")).length, 1);
  relay.mend();
  await until(
    "the grant of a caller that is gone stands",
    async () => (await region.keys("x/")).length === 0,
  );
  assert.equal(outcome.kind, "cancelled");
  await until("the clean-up ends", () => region.locals.abandoned.count === 0);
  assert.equal((await region.acquire("lock", { session })).kind, "granted");
}
