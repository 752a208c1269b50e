import { gzipSync } from "node:zlib";
import { manifestKeyFor } from "@holdfast/core/audit/archive-keys";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type AskedRecord, openRecord } from "../record/asked-record.ts";
import { ArchiveServers, type ArchiveSite, siteMissing } from "./archive-site.ts";

// Somebody with all rights changes objects of a real store; `holdfast audit verify` names the first
// bad record of the chain, whose other part is in a real ledger.

describe.skipIf(siteMissing !== undefined)("a record that lies in the archive in part", () => {
  let servers: ArchiveServers;
  beforeAll(async () => {
    servers = await ArchiveServers.start();
  });
  afterAll(() => servers?.[Symbol.asyncDispose]());

  /** Records 1 to 20 in one object, 21 to 30 in another, both dropped; 31 to 35 in the ledger. */
  async function recorded(): Promise<ArchiveSite> {
    const site = await (await servers.site()).ensureBucket();
    onTestFinished(() => site[Symbol.asyncDispose]());
    await site.record(20, 12);
    await site.record(10, 11);
    expect(await site.archiver().round()).toBe(true);
    await site.record(5, 0);
    expect(await site.days()).toHaveLength(1);
    return site;
  }

  async function asked(site: ArchiveSite, hasArchive = true): Promise<AskedRecord> {
    const { ledger, archive } = site;
    const record = await openRecord(ledger, hasArchive ? { archive } : {});
    onTestFinished(() => record[Symbol.asyncDispose]());
    return record;
  }

  /** What is said of the one chain; `head` is given back from an earlier verification. */
  async function verified(site: ArchiveSite, ...argv: string[]) {
    const { ask } = await asked(site);
    const { code, stdout, stderr } = await ask("verify", "-o", "json", ...argv);
    expect(stdout, stderr).not.toBe("");
    return { code, ...JSON.parse(stdout).chains[0] };
  }

  const edit = (line = "") => line.replace("worker", "mallory");
  const tamperings: Record<string, readonly [(lines: string[]) => string[], object]> = {
    edited: [(lines) => lines.with(5, edit(lines[5])), { first: "6" }],
    deleted: [(lines) => lines.toSpliced(5, 1), { first: "6", last: "6" }],
    reordered: [
      (lines) => lines.with(5, lines[6] ?? "").with(6, lines[5] ?? ""),
      { first: "6", last: "7" },
    ],
    inserted: [(lines) => lines.toSpliced(5, 0, edit(lines[9])), { first: "6" }],
    duplicated: [(lines) => lines.toSpliced(6, 0, lines[5] ?? ""), { first: "6" }],
    "truncated-end": [(lines) => lines.slice(0, 15), { first: "16", last: "20" }],
  };

  it("edited, deleted, moved, doubled, cut off: the first bad record is named", async () => {
    const site = await recorded();
    const [{ key } = expect.fail()] = await site.parts();
    for (const [kind, [change, damage]] of Object.entries(tamperings)) {
      const tampered = change(await site.lines(key));
      await site.overwrite(key, gzipSync(`${tampered.join("\n")}\n`));
      const found = await verified(site);
      expect(found).toMatchObject({ code: 1, intact: false, damage: { kind, ...damage } });
      expect(found.damage.message).toContain(key);
      // What its lock keeps is under it still.
      await site.delete(key, await site.versionOf(key));
    }
    expect(await verified(site)).toMatchObject({ code: 0, intact: true, records: "35" });
  });

  it("an object or a manifest that is gone: its first record is named", async () => {
    const site = await recorded();
    const [, { key } = expect.fail()] = await site.parts();
    await site.delete(key);
    const gone = { kind: "deleted", first: "21", last: "30" };
    expect(await verified(site)).toMatchObject({ code: 1, damage: gone });
    const other = await recorded();
    const [, part = expect.fail()] = await other.parts();
    await other.delete(manifestKeyFor(part.key) ?? "");
    expect(await verified(other)).toMatchObject({ code: 1, damage: { first: "21" } });
  });

  it("a fork: two objects hold one record", async () => {
    const site = await recorded();
    await site.sql(
      `insert into holdfast.archived_parts select day, cluster, 1, bucket, key, bytes, sha256, rows,
        first_sequence, first_hash, last_sequence, last_hash, archived_at_ms
      from holdfast.archived_parts where first_sequence = 1`,
    );
    expect(await verified(site)).toMatchObject({ code: 1, damage: { kind: "forked", first: "1" } });
  });

  it("an object that the ledger was made to forget: its records are missing", async () => {
    const site = await recorded();
    await site.sql("delete from holdfast.archived_parts where first_sequence = 21");
    const damage = { kind: "deleted", first: "21", last: "30" };
    expect(await verified(site)).toMatchObject({ code: 1, damage });
  });

  it("its end is missed by the head of an earlier verification", async () => {
    const site = await recorded();
    const { head } = await verified(site);
    await site.sql(`delete from holdfast.events; delete from holdfast.day_clusters`);
    const [, { key } = expect.fail()] = await site.parts();
    expect(await verified(site)).toMatchObject({ code: 0, records: "30" });
    const damage = { kind: "truncated-end", first: "31", last: "35" };
    expect(await verified(site, "--head", head)).toMatchObject({ code: 1, damage });
    await site.delete(key);
    expect(await verified(site, "--head", head)).toMatchObject({ damage: { first: "21" } });
  });

  it("without an archive it is not said to be intact, and --hot-only is what it says", async () => {
    const site = await recorded();
    const { ask } = await asked(site, false);
    const { code, stdout, stderr } = await ask("verify");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("not all read") });
    expect(stderr).toContain(
      "2 objects of the archive (records 1 to 30) not read: the auditor was",
    );
    const [{ key } = expect.fail()] = await site.parts();
    await site.delete(key);
    expect(await verified(site, "--hot-only")).toMatchObject({
      code: 0,
      intact: false,
      damaged: false,
      archive: { objects: "0", recordsNotRead: [{ first: "1", last: "30" }] },
    });
  });

  it("is exported from both, and verifies elsewhere", async () => {
    const site = await recorded();
    const { ask } = await asked(site);
    const { code, stdout } = await ask("export", "--from", "start");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    const records = lines.map((line) => JSON.parse(line));
    expect(records.map(({ sequence }) => Number(sequence))).toEqual(
      Array.from({ length: 35 }, (_, at) => at + 1),
    );
    const parts = await site.parts();
    const stored = (await Promise.all(parts.map(({ key }) => site.lines(key)))).flat();
    expect(records.slice(0, 30).map(({ line }) => line)).toEqual(stored);
    await site.delete(parts[0]?.key ?? "");
    const partly = await ask("export", "--from", "start");
    expect(partly).toMatchObject({ code: 1, stderr: expect.stringContaining("is missing") });
    expect(partly.stdout.trimEnd().split("\n")).toHaveLength(15);
  });
});
