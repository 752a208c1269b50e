import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  contradiction,
  type DataDirRecord,
  type EtcdData,
  judgeRecord,
  readDataDir,
  writeDataDir,
} from "./data-dir.ts";

const etcd: EtcdData = {
  cluster: "local-1",
  regions: ["a", "b"],
  shards: 1,
  members: 1,
  ports: { client: [1, 2], peer: [3, 4] },
};
const record: DataDirRecord = { dataVersion: 1, madeBy: "0.1.0", etcd };

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "holdfast-data-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe("a data directory", () => {
  test("that does not exist, or is empty, is fresh", () => {
    expect(readDataDir(dataDir)).toEqual({ kind: "fresh" });
    expect(readDataDir(join(dataDir, "none"))).toEqual({ kind: "fresh" });
  });

  test("remembers what it was made with", () => {
    writeDataDir(dataDir, record);
    expect(readDataDir(dataDir)).toEqual({ kind: "known", record });
  });

  test("left by a start that was cut off early is fresh", () => {
    for (const name of ["lock", "pid", "children.json", "version.json.123"]) {
      writeFileSync(join(dataDir, name), "");
    }
    mkdirSync(join(dataDir, "logs"));
    expect(readDataDir(dataDir)).toEqual({ kind: "fresh" });
  });

  test("that is somebody's folder is refused, naming what is in it", () => {
    writeFileSync(join(dataDir, "thesis.txt"), "");
    expect(readDataDir(dataDir)).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("it holds thesis.txt and no version.json"),
    });
  });
});

describe("version.json", () => {
  test("of another format is refused, with both formats and the ways out", () => {
    const judged = judgeRecord("D", '{"dataVersion": 2, "madeBy": "0.9.0"}');
    expect(judged).toMatchObject({
      kind: "refused",
      message: "the data in D was made by Holdfast 0.9.0 in format 2; this one reads format 1",
    });
    expect(judged.kind === "refused" && judged.waysOut.join()).toContain("--data-dir");
  });

  test.each(["", "{", "null", "[]", '"text"', '{"madeBy": 3}'])("that is %j is refused", (text) => {
    expect(judgeRecord("D", text).kind).toBe("refused");
  });

  test("with an incomplete part on etcd is refused", () => {
    const ports = { client: [1], peer: [2] };
    const text = JSON.stringify({ ...record, etcd: { ...etcd, ports } });
    expect(judgeRecord("D", text)).toMatchObject({ message: expect.stringContaining("damaged") });
  });
});

describe("options against what the data was made with", () => {
  const plain = { dataDir: "D", portBase: 7420, audit: false, tls: false, json: false };

  test("nothing asked for, or the same, is fine", () => {
    expect(contradiction(plain, etcd, "D")).toBeUndefined();
    const same = { ...plain, shards: 1, members: 1, regions: ["a", "b"] } as const;
    expect(contradiction(same, etcd, "D")).toBeUndefined();
  });

  test.each([
    [{ shards: 3 }, "--shards 3 was asked for, but the data in D was made with --shards 1"],
    [{ members: 3 }, "--members 3 was asked for, but the data in D was made with --members 1"],
    [
      { regions: ["a"] },
      "--regions a was asked for, but the data in D was made with --regions a,b",
    ],
  ] as const)("%j is refused", (asked, message) => {
    const refused = contradiction({ ...plain, ...asked }, etcd, "D");
    expect(refused).toMatchObject({ kind: "refused", message, exitCode: 64 });
  });

  test("one member may begin and end to speak TLS, several may not", () => {
    const tls = { ...plain, tls: true };
    expect(contradiction(tls, etcd, "D")).toBeUndefined();
    expect(contradiction(plain, { ...etcd, tls: true }, "D")).toBeUndefined();
    const three = { ...etcd, members: 3 } as const;
    expect(contradiction(tls, { ...three, tls: true }, "D")).toBeUndefined();
    expect(contradiction(tls, three, "D")).toMatchObject({
      message: "the etcd members of D know each other by addresses without TLS",
    });
    expect(contradiction(plain, { ...three, tls: true }, "D")).toMatchObject({
      message: "the etcd members of D know each other by addresses with TLS",
    });
  });
});
