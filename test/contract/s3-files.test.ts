import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Files } from "@holdfast/adapter-s3/s3-files";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3UnderTest, s3Missing, startS3UnderTest } from "./s3-under-test.ts";

const mebibyte = 1024 ** 2;

describe.skipIf(s3Missing !== undefined)("files in S3", () => {
  let s3: S3UnderTest;
  let folder: string;
  let bucket: string;
  const path = (name: string) => join(folder, name);

  beforeAll(async () => {
    s3 = await startS3UnderTest();
    folder = mkdtempSync(join(tmpdir(), "holdfast-files-"));
    const archive = s3.open();
    await archive.ensureBucket({ lifecycle: { glacierDays: 90, deepArchiveDays: 365 } });
    bucket = archive.bucket;
  });
  afterAll(async () => {
    await s3[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function open(where = bucket): S3Files {
    const { endpoint, region, accessKeyId, secretAccessKey } = s3.server;
    const credentials = { accessKeyId, secretAccessKey };
    return new S3Files({ endpoint, region, credentials, bucket: where, partBytes: 5 * mebibyte });
  }

  it("come back as they went, in several parts or in one", async () => {
    const files = open();
    for (const bytes of [1, 5 * mebibyte, 12 * mebibyte + 7]) {
      const content = randomBytes(bytes);
      writeFileSync(path("out"), content);
      expect(await files.upload(path("out"), "a/b.db")).toEqual({ kind: "done", bytes });
      expect(await files.download("a/b.db", path("in"))).toEqual({ kind: "done", bytes });
      expect(readFileSync(path("in")).equals(content)).toBe(true);
    }
    files.close();
  });

  it("say what is wrong where there is no object, or no bucket", async () => {
    const files = open();
    expect(await files.download("none", path("in"))).toMatchObject({ kind: "failed" });
    files.close();
    const nowhere = open("no-such-bucket");
    writeFileSync(path("out"), "x");
    const failed = { kind: "failed", message: expect.stringContaining("NoSuchBucket") };
    expect(await nowhere.upload(path("out"), "x")).toEqual(failed);
    nowhere.close();
  });
});
