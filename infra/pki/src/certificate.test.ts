import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { issueCertificate, makeAuthority } from "./certificate.ts";

const from = new Date("2026-01-01T00:00:00Z");
const to = new Date("2026-02-01T00:00:00Z");
const authority = await makeAuthority("an authority", { from, to });

test("a certificate is signed by its authority, for its hosts and its time", async () => {
  const request = { name: "a router", hosts: ["router.example", "10.0.0.5"], from, to };
  const pair = await issueCertificate(authority, request);
  const certificate = new X509Certificate(pair.cert);
  const signer = new X509Certificate(authority.cert);
  expect(certificate.checkIssued(signer) && certificate.verify(signer.publicKey)).toBe(true);
  expect(certificate.checkHost("router.example")).toBe("router.example");
  expect(certificate.checkIP("10.0.0.5")).toBe("10.0.0.5");
  expect(certificate.checkHost("other.example")).toBeUndefined();
  expect([certificate.validFromDate, certificate.validToDate]).toEqual([from, to]);
  expect([certificate.ca, signer.ca]).toEqual([false, true]);
});

test("who has no host is a client, and can pass for no server", async () => {
  const [server, client] = await Promise.all(
    [["localhost"], []].map(async (hosts) => {
      const pair = await issueCertificate(authority, { name: "x", hosts, from, to });
      return new X509Certificate(pair.cert);
    }),
  );
  expect(server?.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  expect(client?.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
});
