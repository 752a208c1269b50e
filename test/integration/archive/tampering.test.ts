import { gzipSync } from "node:zlib";
import { utf8 } from "@holdfast/base/bytes";
import { append } from "@holdfast/core/audit/chain";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArchiveServers, type ArchiveSite, siteMissing } from "./archive-site.ts";

describe.skipIf(siteMissing !== undefined)("tampering", () => {
  let servers: ArchiveServers;
  beforeAll(async () => {
    servers = await ArchiveServers.start();
  });
  afterAll(() => servers?.[Symbol.asyncDispose]());

  describe("with the ledger's rows before they are archived", () => {
    const hex = (bytes: Uint8Array): string => `'\\x${Buffer.from(bytes).toString("hex")}'::bytea`;
    /** One more row in the place of record 6, with another line and hash. */
    const beside = (line: Uint8Array, hash: Uint8Array) => `
      insert into holdfast.events (at_ms, revision, sequence, day, cluster_id, idx, region_id,
        shard_id, kind_id, previous_hash, hash, line)
      select at_ms, revision, sequence, day, cluster_id, 7, region_id, shard_id, kind_id,
        previous_hash, ${hex(hash)}, ${hex(line)} from holdfast.events where sequence = 6`;
    const forged = utf8('{"v":9,"kind":"Forged"}');
    const edit = `update holdfast.events set line =
      convert_to(replace(convert_from(line, 'UTF8'), 'worker-6', 'mallory'), 'UTF8')`;
    /** What is done to records 1 to 20 of a day, and what is said of it. */
    const tamperings: Record<string, readonly [(rows: readonly LedgerRow[]) => string, RegExp]> = {
      "an edited line": [() => `${edit} where sequence = 6`, /^Record 6 .* was edited/],
      "a deleted row": [
        () => "delete from holdfast.events where sequence = 6",
        /^Record 6 .* is neither in the ledger nor in the archive/,
      ],
      "deleted rows at the end": [
        () => "delete from holdfast.events where sequence between 18 and 20",
        /20 were stored, 17 are there, the last one 17/,
      ],
      "two records in each other's place": [
        () => `
          with pair as (
            select sequence, previous_hash, hash from holdfast.events where sequence in (6, 7)
          )
          update holdfast.events e
          set sequence = p.sequence, previous_hash = p.previous_hash, hash = p.hash
          from pair p where e.sequence in (6, 7) and p.sequence = 13 - e.sequence`,
        /^Record 6 /,
      ],
      "a row of its own": [
        (rows) => beside(forged, (rows[5] as LedgerRow).hash),
        /^Record 7 .* something was inserted/,
      ],
      "a fork": [
        (rows) => {
          const { cluster, sequence, hash } = rows[4] as LedgerRow;
          return beside(forged, append({ cluster, sequence, hash }, forged).hash);
        },
        /^Record 6 .* is forked/,
      ],
    };

    it.each(Object.entries(tamperings))(
      "by %s is told, and the day stays",
      async (_, [tamper, said]) => {
        await using site = await (await servers.site()).ensureBucket();
        const rows = await site.record(20, 9);
        await site.record(5, 8);
        await site.sql(tamper(rows));
        // Nobody waits here for records that are on their way.
        const archiver = site.archiver({ patienceMs: 0 });
        expect(await archiver.round()).toBe(false);
        expect(await site.damages()).toContainEqual(expect.stringMatching(said));
        expect(await site.days()).toContain(rows[0]?.day);
        expect((await site.parts()).every(({ firstSequence }) => firstSequence === 21n)).toBe(true);
      },
    );
  });

  describe("with objects of the archive", () => {
    async function archived(): Promise<ArchiveSite> {
      const site = await (await servers.site()).ensureBucket();
      await site.record(20, 5);
      await site.record(5, 4);
      expect(await site.archiver().round()).toBe(true);
      return site;
    }

    const changes: Record<string, readonly [(lines: string[]) => string[], object]> = {
      "an edit": [
        (lines) => lines.with(5, (lines[5] ?? "").replace("worker", "mallory")),
        { kind: "edited", first: 6n },
      ],
      "a deletion": [(lines) => lines.toSpliced(5, 1), { kind: "deleted", first: 6n, last: 6n }],
      "an insertion": [
        (lines) => lines.toSpliced(5, 0, (lines[9] ?? "").replace("worker", "mallory")),
        { kind: "inserted", first: 6n },
      ],
      "another order": [
        (lines) => lines.with(5, lines[6] ?? "").with(6, lines[5] ?? ""),
        { kind: "reordered", first: 6n, last: 7n },
      ],
      "the loss of its end": [
        (lines) => lines.slice(0, 15),
        { kind: "truncated-end", first: 16n, last: 20n },
      ],
      "a doubled record": [
        (lines) => lines.toSpliced(6, 0, lines[5] ?? ""),
        { kind: "duplicated", first: 6n },
      ],
    };

    it.each(Object.entries(changes))(
      "by %s is found, with the first bad record",
      async (_, [change, damage]) => {
        await using site = await archived();
        const [{ key } = expect.fail()] = await site.parts();
        const version = await site.versionOf(key);
        const tampered = change(await site.lines(key));
        await site.overwrite(key, gzipSync(`${tampered.join("\n")}\n`));
        const [first, second] = await site.findings();
        expect(first).toMatchObject({ kind: "damaged", damage });
        expect(second).toMatchObject({ kind: "whole" });
        // What its lock keeps is under it still.
        await expect(site.delete(key, version)).rejects.toThrow();
        await site.delete(key, await site.versionOf(key));
        expect(await site.findings()).toMatchObject([{ kind: "whole" }, { kind: "whole" }]);
      },
    );

    it("by a fork: one more part that holds records again", async () => {
      await using site = await archived();
      const [part] = await site.parts();
      await site.sql(
        `insert into holdfast.archived_parts select day, cluster, 1, bucket, key, bytes, sha256, rows,
          first_sequence, first_hash, last_sequence, last_hash, archived_at_ms
        from holdfast.archived_parts where first_sequence = ${part?.firstSequence}`,
      );
      const found = await site.findings();
      expect(found.at(-1)).toMatchObject({
        kind: "damaged",
        damage: { kind: "forked", first: 1n },
      });
    });

    it("by forgetting one that only the archive has is found", async () => {
      await using site = await (await servers.site()).ensureBucket();
      for (const daysAgo of [12, 11, 10]) await site.record(5, daysAgo);
      expect(await site.archiver().round()).toBe(true);
      expect(await site.days()).toEqual([]);
      await site.sql("delete from holdfast.archived_parts where first_sequence = 6");
      expect((await site.findings()).at(-1)).toMatchObject({
        kind: "damaged",
        damage: { kind: "deleted", first: 6n, last: 10n },
      });
    });

    it("by deleting one is found, and the day stays in the ledger", async () => {
      await using site = await (await servers.site()).ensureBucket();
      await site.record(20, 9);
      expect(await site.archiver({ hotMs: 30 * 86_400_000 }).round()).toBe(true);
      const [{ key } = expect.fail()] = await site.parts();
      await site.delete(key);
      expect(await site.findings()).toMatchObject([
        { kind: "damaged", message: expect.stringContaining("is missing") },
      ]);
      expect(await site.archiver().round()).toBe(false);
      expect(await site.days()).toHaveLength(1);
      expect(await site.damages()).toEqual([expect.stringContaining("is missing")]);
    });
  });
});
