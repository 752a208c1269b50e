import { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import type { Ledger, LedgerRow } from "@holdfast/engine/ports/ledger";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allRows, dayMs, noonMs, rowOf } from "./ledger-rows.ts";
import { type LedgerMaker, ledgers } from "./ledgers.ts";

const programs = 40;
const clusters = ["z-cluster", "a-cluster"];
const locks = ["a", "b"].map((name) => ({ region: "us-east-1", namespace: "n", name }));
const sessions = ["s-1", "s-2"];
const days = ["2026-11-21", "2026-11-22", "2026-11-23"];

/** Few values of everything, so that rows meet: again, in conflict, in one millisecond. */
const row: fc.Arbitrary<LedgerRow> = fc
  .record({
    cluster: fc.constantFrom(...clusters),
    revision: fc.bigInt({ min: 0n, max: 12n }),
    index: fc.integer({ min: 0, max: 1 }),
    atMs: fc.constantFrom(-dayMs, -dayMs + 1, 0, 1, 2, dayMs / 2 - 1, dayMs / 2, dayMs),
    sequence: fc.bigInt({ min: 0n, max: 20n }),
    kind: fc.constantFrom("WaiterQueued", "LockAcquired", "AuditGap"),
    lock: fc.option(fc.constantFrom(...locks), { nil: undefined }),
    grantId: fc.option(fc.constantFrom("g1", "g2", "g3"), { nil: undefined }),
    token: fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { nil: undefined }),
    session: fc.option(fc.constantFrom(...sessions), { nil: undefined }),
    line: fc.uint8Array({ maxLength: 6 }),
  })
  .map(({ lock, grantId, token, session, ...parts }) => {
    const {
      lock: _l,
      grantId: _g,
      token: _t,
      session: _s,
      ...least
    } = rowOf({
      ...parts,
      atMs: noonMs + parts.atMs,
    });
    return {
      ...least,
      ...(lock === undefined ? {} : { lock }),
      ...(grantId === undefined ? {} : { grantId }),
      ...(token === undefined ? {} : { token }),
      ...(session === undefined ? {} : { session }),
    };
  });

const limit = fc.integer({ min: 1, max: 5 });
const atMs = fc.constantFrom(-dayMs - 1, -dayMs, 0, 1, dayMs / 2, dayMs).map((ms) => noonMs + ms);

/** One call, or all pages of a question. */
type Step = (ledger: Ledger) => Promise<unknown>;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.array(row, { maxLength: 8 }).map(appending) },
  fc.record({ lock: fc.constantFrom(...locks), fromMs: atMs, toMs: atMs, limit }).map(
    (query): Step =>
      (ledger) =>
        allRows((after) => ledger.timeline({ ...query, ...after })),
  ),
  fc.record({ lock: fc.constantFrom(...locks), atMs, limit }).map(
    (query): Step =>
      (ledger) =>
        allRows((after) => ledger.lockBefore({ ...query, ...after })),
  ),
  fc.record({ session: fc.constantFrom(...sessions), limit }).map(
    (query): Step =>
      (ledger) =>
        allRows((after) => ledger.session({ ...query, ...after })),
  ),
  fc
    .record(
      {
        cluster: fc.constantFrom(...clusters),
        limit,
        day: fc.constantFrom(...days),
        fromSequence: fc.bigInt({ min: 0n, max: 20n }),
      },
      { requiredKeys: ["cluster", "limit"] },
    )
    .map(
      (query): Step =>
        (ledger) =>
          allRows((after) => ledger.chain({ ...query, ...after })),
    ),
  fc.constantFrom(...clusters).map(
    (cluster): Step =>
      (ledger) =>
        ledger.head(cluster),
  ),
  fc.record({ fromMs: atMs, toMs: atMs, limit }).map(
    (query): Step =>
      (ledger) =>
        ledger.contended(query),
  ),
  fc.record({ fromMs: atMs, toMs: atMs, limit }).map(
    (query): Step =>
      (ledger) =>
        allRows((after) => ledger.gaps({ ...query, ...after })),
  ),
  limit.map(
    (most): Step =>
      (ledger) =>
        ledger.days({ limit: most }),
  ),
  fc.constantFrom(...days).map(
    (day): Step =>
      (ledger) =>
        ledger.openDays([day]),
  ),
  fc.constantFrom(...days).map(dropping),
);

function appending(rows: readonly LedgerRow[]): Step {
  return async (ledger) => {
    const reply = await ledger.append(rows);
    if (reply.kind !== "appended") return reply;
    const conflicts = reply.conflicts.map(({ identity, storedHash, givenHash }) => [
      Object.values(identity).join("/"),
      String(storedHash),
      String(givenHash),
    ]);
    return { ...reply, conflicts: conflicts.map(String).sort() };
  };
}

/** With the right number of rows, as told before. */
function dropping(day: string): Step {
  return async (ledger) => {
    const { days: told } = (await ledger.days({ fromDay: day, toDay: day, limit: 1 })) as {
      days: readonly { clusters: readonly { rows: number }[] }[];
    };
    const rows = (told[0]?.clusters ?? []).reduce((sum, each) => sum + each.rows, 0);
    return [await ledger.dropDay(day, rows + 1), await ledger.dropDay(day, rows)];
  };
}

describe.each(ledgers.slice(1))("$name and the memory ledger", ({ missing, start }) => {
  let maker: LedgerMaker | undefined;
  beforeAll(async () => {
    if (missing === undefined) maker = await start();
  });
  afterAll(() => maker?.[Symbol.asyncDispose]());

  it(`give the same answers to ${programs} random programs`, {
    timeout: 300_000,
  }, async (context) => {
    const { make } = maker ?? context.skip(missing);
    const program = fc.array(step, { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const twin = new MemoryLedger();
        await using held = await make();
        for (const each of steps) expect(await each(held.ledger)).toEqual(await each(twin));
      }),
      { numRuns: programs },
    );
  });
});
