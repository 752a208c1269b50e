import { failure } from "@holdfast/base/failure";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import { validityMs } from "@holdfast/core/lease/validity";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { expect, test } from "vitest";
import { Holdfast } from "./holdfast.ts";
import { codeOf } from "./testing/rig.ts";
import { StubRouter, stubHello } from "./testing/stub-router.ts";

const lease = { region: "stub", shard: "s0", leaseId: 7n as LeaseId };

/** Grants every lock; enough of a router for one client. */
function outcomeOf(command: Command): Outcome {
  switch (command.kind) {
    case "open-session": {
      const { ttlMs } = command;
      const session = "s".repeat(22) as SessionId;
      return { kind: "opened", session, ttlMs, lease, validForMs: validityMs(ttlMs) };
    }
    case "acquire": {
      const { lock, mode, session, requestId } = command;
      const grantId = grantIdOf(session, requestId);
      const terms = { validForMs: 10_000, validFrom: "first-send", lease } as const;
      const grant = { lock, grantId, mode, token: 9n, ...terms, regions: ["stub"] };
      return { kind: "granted", grant };
    }
    case "release":
      return { kind: "released", handedOver: false };
    case "close-session":
      return { kind: "closed" };
    default:
      return failure("UNIMPLEMENTED", "Not in this stub.");
  }
}

test("a client connects, takes, releases and closes over a real stream", async () => {
  const seen: string[] = [];
  const router = await new StubRouter(({ commands, clientName, answer }) => {
    if (clientName !== undefined) answer(stubHello);
    for (const { id, command } of commands) {
      seen.push(command.kind);
      answer((writer) => writer.result(id, command.kind, outcomeOf(command)));
    }
  }).start();
  try {
    const holdfast = await Holdfast.connect({ endpoints: [router.endpoint] });
    expect(holdfast.region).toBe("stub");
    {
      await using lock = await holdfast.acquire("order:1", { ttl: "10s" });
      expect([lock.state, lock.token]).toEqual(["held", 9n]);
    }
    await holdfast.close();
    expect(seen).toEqual(["open-session", "acquire", "release", "close-session"]);
  } finally {
    router.stop();
  }
});

test("a client that finds no router says which endpoints it tried", async () => {
  const connecting = Holdfast.connect({ endpoints: ["127.0.0.1:1"], requestTimeout: 300 });
  await expect(connecting).rejects.toThrow("127.0.0.1:1");
  expect(await codeOf(connecting)).toBe("SHARD_UNAVAILABLE");
});
