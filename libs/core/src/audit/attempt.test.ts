import type { RequestId, SessionId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { attemptOf, encodeAttempt } from "./attempt.ts";
import { sessionReference } from "./session-reference.ts";

const lock = { region: "us-east-1", namespace: "default", name: "a/b" };
const session = "a secret" as SessionId;

test("an acquire tells who asked for which lock, and neither its secret nor its metadata", () => {
  const told = attemptOf({
    ...{ kind: "acquire", lock, scope: "local", mode: "exclusive", session, waitMs: 7 },
    ...{ requestId: "r" as RequestId, owner: "me", metadata: { key: "value" } },
  });
  const reference = sessionReference(session);
  expect(told).toEqual({ asked: "acquire", lock, owner: "me", session: reference, waitMs: 7 });
  const place = { router: "r1", number: 3, atMs: 5, region: "us-east-1" };
  const line = encodeAttempt({ ...place, ...told, outcome: "held" });
  expect(line).toBe(
    '{"v":1,"router":"r1","number":3,"atMs":5,"region":"us-east-1","asked":"acquire",' +
      `"owner":"me","waitMs":7,"session":"${reference}","outcome":"held",` +
      '"lock":"us-east-1/default/a/b"}',
  );
});

test("who takes a lock by force is told as who asked", () => {
  const force = { kind: "force-release", lock, actor: "ops", reason: "stuck" } as const;
  const told = attemptOf({ ...force, requestId: "r" as RequestId });
  expect(told).toEqual({ asked: "force-release", lock, owner: "ops" });
});
