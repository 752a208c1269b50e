import { mkdtempSync, readFileSync, rmSync, unlinkSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, expect, test } from "vitest";
import { prepareCertificates } from "./certificates.ts";
import type { Layout } from "./layout.ts";
import { checkTls } from "./tls-check.ts";

const dataDir = mkdtempSync(join(tmpdir(), "holdfast-local-tls-"));
const certificates = await prepareCertificates(dataDir);
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test("a later start keeps the authority and the certificates, and makes what is missing", async () => {
  const [ca, router, etcd] = ["ca", "router", "etcd"].map((holder) => certificates.of(holder));
  const before = [ca, router].map((files) => readFileSync(files?.cert ?? ""));
  unlinkSync(etcd?.cert ?? "");
  const again = await prepareCertificates(dataDir);
  expect([ca, router].map((files) => readFileSync(files?.cert ?? ""))).toEqual(before);
  expect(readFileSync(again.of("etcd").cert, "utf8")).toContain("BEGIN CERTIFICATE");
});

test.each([
  ["takes nobody but us", true, { kind: "checked" }],
  ["takes everybody", false, { kind: "fault", message: /takes who shows no certificate/ }],
])("a port that %s is told apart", async (_which, isStrict, expected) => {
  const { cert, key, ca } = certificates.of("router");
  const [certPem, keyPem, caPem] = [cert, key, ca].map((path) => readFileSync(path));
  const server = createServer(
    { cert: certPem, key: keyPem, ca: caPem, requestCert: isStrict, rejectUnauthorized: isStrict },
    (socket) => socket.on("error", () => {}).write("settings"),
  );
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const layout = { regions: [{ endpoint, shards: [] }] } as unknown as Layout;
  const found = await checkTls(layout, certificates.of("client"));
  server.close();
  expect(found.kind).toBe(expected.kind);
  if ("message" in expected) expect(found.message).toMatch(expected.message);
});
