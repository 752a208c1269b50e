import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exampleOf, examples } from "@holdfast/haproxy/examples";
import { afterAll, describe, expect, test } from "vitest";
import { haproxyMissing, haproxyPath } from "./haproxy-process.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-haproxy-"));
const beside = resolve(import.meta.dirname, "../../../infra/haproxy");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A certificate for HAProxy to read: it looks whether there is one. Undefined without openssl. */
function certificate(): string | undefined {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "ca.crt")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=test", "-days", "1", "-keyout", key, "-out", cert];
  if (spawnSync("openssl", ["req", "-x509", ...kind, ...names]).status !== 0) return undefined;
  const both = join(folder, "haproxy.pem");
  writeFileSync(both, readFileSync(cert, "utf8") + readFileSync(key, "utf8"));
  return both;
}

const identity = certificate();

test.each(examples)("$file is as it would be written", ({ file, tls }) => {
  const written = readFileSync(join(beside, file), "utf8");
  expect(written, "run node infra/haproxy/src/main.ts").toBe(exampleOf(tls));
});

describe.skipIf(haproxyMissing !== undefined)("HAProxy's own check", () => {
  test.for(examples)("finds nothing in $file, not even to warn of", ({ file, tls }, context) => {
    if (tls !== "none" && identity === undefined) context.skip("there is no openssl");
    expect(checked(readFileSync(join(beside, file), "utf8"))).toEqual({ status: 0, warnings: [] });
  });

  test("finds what is wrong", () => {
    const wrong = exampleOf("none").replace("balance leastconn", "balance leastconns");
    expect(checked(wrong).status).toBe(1);
  });

  /** As it is, but for the places of files. */
  function checked(config: string): { status: number | null; warnings: string[] } {
    const file = join(folder, "checked.cfg");
    writeFileSync(
      file,
      config
        .replaceAll("/etc/haproxy/tls/haproxy.pem", identity ?? "")
        .replaceAll("/etc/haproxy/tls/ca.crt", join(folder, "ca.crt"))
        .replaceAll("/run/haproxy", folder),
    );
    const { status, stderr } = spawnSync(haproxyPath(), ["-c", "-f", file], { encoding: "utf8" });
    return { status, warnings: stderr.split("\n").filter((line) => line.includes("WARNING")) };
  }
});
