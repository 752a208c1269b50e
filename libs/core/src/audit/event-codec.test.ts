import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "./event.ts";
import { decodeEvent, encodeEvent, eventBytesMax } from "./event-codec.ts";
import { anyEvent } from "./testing/arbitrary-events.ts";

const acquired: AuditEvent = {
  kind: "LockAcquired",
  cluster: "cdf818194e3a8c32",
  revision: 2n ** 60n,
  index: 3,
  atMs: 1_763_780_000_000,
  region: "us-east-1",
  shard: "s0",
  lock: { region: "us-east-1", namespace: "default", name: "orders/17" },
  grantId: "g" as GrantId,
  token: 2n ** 44n + 1n,
  mode: "exclusive",
  owner: "worker \u{1f512}",
  session: "r",
  ttlMs: 15_000,
  queuedAt: 7n,
};

const line =
  '{"v":1,"kind":"LockAcquired","cluster":"cdf818194e3a8c32","revision":"1152921504606846976",' +
  '"index":3,"atMs":1763780000000,"region":"us-east-1","shard":"s0",' +
  '"lock":"us-east-1/default/orders/17","grantId":"g","token":"17592186044417",' +
  '"mode":"exclusive","owner":"worker \u{1f512}","session":"r","ttlMs":15000,"queuedAt":"7"}';

describe("the line of an event", () => {
  it("is this one, byte for byte, for the chain of hashes covers it", () => {
    expect(encodeEvent(acquired)).toBe(line);
    expect(decodeEvent(line)).toEqual({ kind: "event", event: acquired });
  });

  it("is the same whatever the order in which the event was put together", () => {
    const backwards = Object.fromEntries(Object.entries(acquired).reverse());
    expect(encodeEvent(backwards as unknown as AuditEvent)).toBe(line);
  });

  it("is read back as the event it was written for, with owners of every plane of Unicode", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const written = encodeEvent(event);
        expect(decodeEvent(written)).toEqual({ kind: "event", event });
        // One line to every reader, and nothing that UTF-8 would change.
        expect(written).not.toMatch(/[\n\r\u2028\u2029]/);
        expect(Buffer.from(utf8(written)).toString()).toBe(written);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has a bound that the longest of all stays below", () => {
    const reason = "\u0001".repeat(4_096);
    const [actor, owner] = ["\u0002".repeat(256), "\u0003".repeat(256)];
    const name = "n".repeat(256);
    const lock = { region: "r".repeat(64), namespace: "n".repeat(64), name };
    const { queuedAt: _, ...tenure } = acquired as AuditEvent & { queuedAt: bigint };
    const kind = "LockForceReleased" as const;
    const longest = { ...tenure, kind, actor, reason, owner, lock } as AuditEvent;
    expect(decodeEvent(encodeEvent(longest)).kind).toBe("event");
    expect(utf8(encodeEvent(longest)).length).toBeLessThan(eventBytesMax);
  });
});

describe("a line that is no event of this version", () => {
  it("is unknown where a newer writer wrote it, and says of which version it is", () => {
    const newer = { kind: "unknown", version: 2, named: "LockAcquired" };
    expect(decodeEvent(line.replace('"v":1', '"v":2'))).toEqual(newer);
    expect(decodeEvent('{"v":2,"kind":"LockLent"}')).toMatchObject({ kind: "unknown" });
    const named = { kind: "unknown", version: 1, named: "toString" };
    expect(decodeEvent('{"v":1,"kind":"toString"}')).toEqual(named);
  });

  it.each([
    ["that was cut", line.slice(0, -5)],
    ["that is no object", "null"],
    ["without a version", line.replace('"v":1,', "")],
    ["that does not say what happened", line.replace('"kind":"LockAcquired",', "")],
    ["without a token", line.replace('"token":"17592186044417",', "")],
    ["with a token that is a number", line.replace('"17592186044417"', "17592186044417")],
    ["with a token below zero", line.replace('"17592186044417"', '"-1"')],
    ["with a time that is no number", line.replace("1763780000000", '"soon"')],
    ["with a mode there is none", line.replace('"exclusive"', '"greedy"')],
    ["of a lock without a name", line.replace("/default/orders/17", "")],
    ["with a field of another kind of event", line.replace('"v":1', '"v":1,"actor":"a"')],
    ["with a field there is none", line.replace('"v":1', '"v":1,"x":1')],
    ["with its fields in another order", line.replace('{"v":1,', "{").replace("}", ',"v":1}')],
    ["with spaces", line.replaceAll(",", ", ")],
    ["with a field twice", line.replace('"ttlMs"', '"ttlMs":1,"ttlMs"')],
  ])("is damaged if it is one %s", (_what, bad) => {
    expect(decodeEvent(bad)).toMatchObject({ kind: "damaged" });
  });

  it("never throws, whatever was done to it", () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), fc.string({ maxLength: 3 }), (event, at, text) => {
        const written = encodeEvent(event);
        const cut = at % written.length;
        const broken = written.slice(0, cut) + text + written.slice(cut + text.length);
        const decoded = decodeEvent(broken);
        if (decoded.kind === "event") expect(encodeEvent(decoded.event)).toBe(broken);
      }),
      { numRuns: 2_000 },
    );
  });
});
