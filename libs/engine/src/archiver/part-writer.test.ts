import { gunzipSync } from "node:zlib";
import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { integerBelow, randomId, SeededRandom } from "@holdfast/base/random";
import { encodeManifest } from "@holdfast/core/audit/archive-manifest";
import { append, type ChainHead, genesis, headOf } from "@holdfast/core/audit/chain";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { expect, test } from "vitest";
import type { LedgerRow } from "../ports/ledger.ts";
import { ChainedRows } from "../testing/chained-rows.ts";
import { PartWriter } from "./part-writer.ts";

const place = { day: "2026-11-22", cluster: "c1", part: 0 };
const bounds = { rowsMax: 1_000_000, lineBytesMax: 1e9 };

test("the same rows become the same object, however they are handed over", async () => {
  const rows = new ChainedRows("c1").next(3_000, 0);
  const built = [];
  for (const flushEvery of [1, 7, 1_000, 5_000]) {
    const writer = new PartWriter(place, bounds, genesis("c1"));
    for (const [index, row] of rows.entries()) {
      expect(writer.add(row)).toBe(true);
      if (index % flushEvery === 0) await writer.flush();
    }
    built.push(await writer.finish());
  }
  for (const other of built) expect(other).toEqual(built[0]);
  expect(gunzipSync(built[0]?.bytes ?? "").toString()).toBe(
    rows.map(({ line }) => `${Buffer.from(line)}\n`).join(""),
  );
});

test("a row that is not the next one, or not as it was written, is left out", async () => {
  const rows = new ChainedRows("c1").next(4, 0) as [LedgerRow, LedgerRow, LedgerRow, LedgerRow];
  const writer = new PartWriter(place, bounds, genesis("c1"));
  expect(writer.add(rows[0])).toBe(true);
  expect(writer.add(rows[0])).toBe(false);
  expect(writer.add(rows[2])).toBe(false);
  expect(writer.add({ ...rows[1], line: utf8("another") })).toBe(false);
  expect(writer.add({ ...rows[1], hash: rows[2].hash })).toBe(false);
  expect(writer.add(rows[1])).toBe(true);
  const { manifest } = await writer.finish();
  expect(manifest).toMatchObject({ rows: 2, firstSequence: 1n, lastSequence: 2n });
});

/** Acquires and releases of 1,000 locks under 50 sessions, `held` of them held at a time. */
async function bytesAnEvent(held: number): Promise<number> {
  const random = new SeededRandom(7);
  const sessions = Array.from({ length: 50 }, () => randomId(random));
  const writer = new PartWriter(place, bounds, genesis("c1"));
  const tenures: object[] = [];
  let head: ChainHead = genesis("c1");
  const events = 10_000;
  for (let count = 0; count < events; count++) {
    const where = {
      ...{ cluster: "c1", revision: BigInt(1_000 + count), index: 0, region: "us-east-1" },
      ...{ atMs: 1_795_000_000_000 + 1_000 * Math.floor(count / 2_000), shard: "s0" },
    };
    const owner = integerBelow(random, sessions.length);
    const tenancy = {
      lock: { region: "us-east-1", namespace: "orders", name: `o/${integerBelow(random, 1_000)}` },
      ...{ grantId: randomId(random) as GrantId, mode: "exclusive" as const, ttlMs: 10_000 },
      ...{ owner: `worker-${owner}`, session: sessions[owner] ?? "", token: where.revision },
    };
    const isFull = tenures.length >= held;
    const [ended] = isFull ? tenures.splice(integerBelow(random, held), 1) : [];
    if (!isFull) tenures.push(tenancy);
    const event = isFull
      ? {
          kind: "LockReleased" as const,
          ...where,
          ...tenancy,
          ...ended,
          cause: "released" as const,
        }
      : { kind: "LockAcquired" as const, ...where, ...tenancy };
    const link = append(head, utf8(encodeEvent(event)));
    head = headOf(link);
    writer.add({ sequence: link.sequence, hash: link.hash, line: link.bytes } as LedgerRow);
    if (count % 1_000 === 0) await writer.flush();
  }
  const { bytes, manifest } = await writer.finish();
  return (bytes.length + encodeManifest(manifest).length) / events;
}

test("an event takes some forty bytes in the archive, its share of the manifest included", async () => {
  const [few, many] = [await bytesAnEvent(50), await bytesAnEvent(500)];
  // 31.5 and 38.1; with every lock and session new to the last 30 KiB it is 58.
  expect(few).toBeLessThan(33);
  expect(many).toBeLessThan(40);
}, 30_000);
