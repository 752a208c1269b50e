import { utf8 } from "@holdfast/base/bytes";
import { sha256 } from "@holdfast/base/digest";
import { type Archive, type NewObject, objectBytesMax } from "@holdfast/engine/ports/archive";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ArchiveMaker, archives } from "./archives.ts";

const settings = { lifecycle: { glacierDays: 90, deepArchiveDays: 365 } };
const key = "lines/day=2026-11-22/cluster=a_2Fb/part-000000-00.ndjson.gz";

function objectOf(bytes: Uint8Array, parts: Partial<NewObject> = {}): NewObject {
  const retainUntilMs = Date.now() + 86_400_000;
  const contentType = "application/gzip";
  return { key, bytes, sha256: sha256(bytes), retainUntilMs, contentType, ...parts };
}

describe.each(archives)("$name as an archive", ({ missing, start }) => {
  let maker: ArchiveMaker | undefined;
  let archive: Archive;
  beforeAll(async () => {
    if (missing === undefined) maker = await start();
  });
  beforeEach((context) => {
    if (maker === undefined) return context.skip(missing);
    archive = maker.make();
  });
  afterAll(() => maker?.[Symbol.asyncDispose]());

  async function ready(): Promise<void> {
    expect(await archive.ensureBucket(settings)).toMatchObject({ kind: "ready", wasMade: true });
  }

  it("makes its bucket once, however often it is asked", async () => {
    await ready();
    for (const deepArchiveDays of [365, 400, 200]) {
      const lifecycle = { glacierDays: 90, deepArchiveDays };
      const reply = await archive.ensureBucket({ lifecycle });
      expect(reply).toMatchObject({ kind: "ready", wasMade: false });
    }
  });

  it("gives back the very bytes that were put", async () => {
    await ready();
    const everyByte = Uint8Array.from({ length: 70_000 }, (_, place) => place % 256);
    for (const [place, bytes] of [everyByte, new Uint8Array(0), utf8("{}\n")].entries()) {
      const named = `lines/${place}`;
      expect(await archive.put(objectOf(bytes, { key: named }))).toEqual({ kind: "stored" });
      const got = await archive.get(named);
      expect(got).toMatchObject({ kind: "found" });
      if (got.kind === "found") expect(Buffer.compare(got.bytes, bytes)).toBe(0);
      expect(await archive.head(named)).toMatchObject({
        kind: "there",
        bytes: bytes.length,
        storageClass: "STANDARD",
        isReadable: true,
      });
    }
  });

  it("puts nothing over an object that is there, of several at once one alone", async () => {
    await ready();
    const texts = ["one", "two", "three", "four"];
    const replies = await Promise.all(texts.map((text) => archive.put(objectOf(utf8(text)))));
    expect(replies.filter(({ kind }) => kind === "stored")).toHaveLength(1);
    const winner = replies.findIndex(({ kind }) => kind === "stored");
    const found = { kind: "found", bytes: utf8(texts[winner] ?? "") };
    expect(await archive.get(key)).toMatchObject(found);
    expect(await archive.put(objectOf(utf8("five")))).toEqual({ kind: "exists" });
    expect(await archive.get(key)).toMatchObject(found);
  });

  it("says how long an object is kept from being deleted", async () => {
    await ready();
    const retainUntilMs = Math.ceil(Date.now() / 1_000) * 1_000 + 3 * 86_400_000;
    await archive.put(objectOf(utf8("kept"), { retainUntilMs }));
    expect(await archive.head(key)).toMatchObject({ kind: "there", retainUntilMs });
  });

  it("does not know what is not there", async () => {
    await ready();
    expect(await archive.get("lines/none")).toEqual({ kind: "missing" });
    expect(await archive.head("lines/none")).toEqual({ kind: "missing" });
  });

  it("refuses where there is no bucket", async () => {
    const refused = { kind: "refused", reason: "no-bucket" };
    expect(await archive.put(objectOf(utf8("lost")))).toMatchObject(refused);
    expect(await archive.get(key)).toMatchObject(refused);
  });

  it("refuses bytes that their checksum is not of, and stores nothing", async () => {
    await ready();
    const wrong = objectOf(utf8("right"), { bytes: utf8("wrong") });
    expect(await archive.put(wrong)).toMatchObject({ kind: "refused", reason: "checksum" });
    expect(await archive.get(key)).toEqual({ kind: "missing" });
  });

  it("refuses what is beyond its limits", async () => {
    await ready();
    const invalid = { kind: "refused", reason: "invalid" };
    const tooLong = new Uint8Array(objectBytesMax + 1);
    expect(await archive.put(objectOf(tooLong))).toMatchObject(invalid);
    expect(await archive.put(objectOf(utf8("x"), { key: "" }))).toMatchObject(invalid);
    expect(await archive.put(objectOf(utf8("x"), { key: "k".repeat(1_025) }))).toMatchObject(
      invalid,
    );
    for (const [glacierDays, deepArchiveDays] of [
      [90, 90],
      [0, 9],
      [1.5, 9],
      [90, 1e6],
    ] as const) {
      const reply = await archive.ensureBucket({ lifecycle: { glacierDays, deepArchiveDays } });
      expect(reply).toMatchObject(invalid);
    }
  });
});
