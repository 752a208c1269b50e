import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Claim, claimDataDir } from "./claim.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), "holdfast-claim-")), "data");
});
afterEach(() => rmSync(join(dataDir, ".."), { recursive: true, force: true }));

test("a second start from the same directory is refused with the pid and the endpoints", () => {
  const claim = claimDataDir(dataDir) as Claim;
  expect(claim.kind).toBe("claimed");
  expect(readFileSync(join(dataDir, "pid"), "utf8")).toBe(`${process.pid}\n`);
  writeFileSync(
    join(dataDir, "endpoints.json"),
    '{"regions":[{"endpoint":"127.0.0.1:7420"},{"endpoint":"127.0.0.1:7421"}]}',
  );
  expect(claimDataDir(dataDir)).toMatchObject({
    kind: "refused",
    message: expect.stringMatching(
      new RegExp(`as process ${process.pid}; it serves 127.0.0.1:7420, 127.0.0.1:7421$`),
    ),
    waysOut: expect.arrayContaining([`or stop it: kill ${process.pid}`]),
  });
  claim.release();
  expect(existsSync(join(dataDir, "pid"))).toBe(false);
  expect(claimDataDir(dataDir).kind).toBe("claimed");
});

test("the claim of a run that died is taken over, and its pid told", () => {
  const first = claimDataDir(dataDir) as Claim;
  expect(first.deadPid).toBeUndefined();
  writeFileSync(join(dataDir, "lock"), '{"pid":4194303,"identity":"gone"}');
  writeFileSync(join(dataDir, "pid"), "4194303\n");
  expect(claimDataDir(dataDir)).toMatchObject({ kind: "claimed", deadPid: 4194303 });
});

test("a directory that cannot be made is refused, not thrown", () => {
  expect(claimDataDir("/dev/null/data")).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("cannot be written"),
  });
});
