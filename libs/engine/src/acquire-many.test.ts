import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import { expect, test } from "vitest";
import { acquireMany, type ManyTier } from "./acquire-many.ts";
import { call, TestRegion } from "./testing/region.ts";

const lock = (name: string) => ({ region: "here", namespace: "default", name });

function acquires(session: SessionId, names: readonly string[], waitMs = 0): AcquireCommand[] {
  return names.map((name) => ({
    kind: "acquire",
    lock: lock(name),
    scope: "local",
    mode: "exclusive",
    requestId: `r-${name}` as RequestId,
    session,
    waitMs,
    owner: "test",
    metadata: {},
  }));
}

test("all or nothing also ends a request of which nobody knows whether it was granted", async () => {
  const here = new TestRegion(1);
  await here.start();
  const session = await here.open();
  const router = here.router();
  const tier: ManyTier = {
    abandon: () => {},
    execute: async <C extends Command>(command: C, each: ReturnType<typeof call>) => {
      const outcome = await router.execute(command, each);
      if (command.kind !== "acquire" || command.lock.name !== "b") return outcome;
      return failure("UNKNOWN_OUTCOME", "lost") as typeof outcome;
    },
  };
  const request = { acquires: acquires(session, ["a", "b", "c"]), allOrNothing: true };
  const many = await acquireMany(tier, request, call());
  const kinds = many.kind === "many" && many.outcomes.map(({ kind }) => kind);
  expect(kinds).toEqual(["cancelled", "cancelled", "cancelled"]);
  for (const name of ["a", "b"]) {
    const state = await router.execute({ kind: "get", lock: lock(name) }, call());
    expect(state).toMatchObject({ holderCount: 0 });
  }
});

for (const allOrNothing of [true, false]) {
  for (const repeated of [true, false]) {
    const claim = repeated ? "stays with the repeat that was told of it" : "is taken back";
    test(`a grant among several whose caller went ${claim} (all or nothing: ${allOrNothing})`, async () => {
      const here = new TestRegion(1);
      await here.start(2);
      const session = await here.open(60_000);
      await here.grant({ session, lock: lock("b") });
      const [a, b] = acquires(session, ["a", "b"], 60_000);
      if (a === undefined || b === undefined) throw new Error("two acquires");
      const cancellation = new Cancellation();
      const request = { acquires: [a, b], allOrNothing };
      const many = here.router(0).acquireMany(request, { ...call(), cancellation });
      await here.clock.advance(50);
      if (repeated) await here.grant(a, 1);
      cancellation.cancel();
      await many;
      await here.clock.advance(1_000);
      const state = await here.router(1).execute({ kind: "get", lock: a.lock }, call());
      expect(state).toMatchObject({ holderCount: repeated ? 1 : 0 });
    });
  }
}
