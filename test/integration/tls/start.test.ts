import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCertificates } from "./certificates.ts";
import { TlsStart } from "./tls-start.ts";

let certificates: TestCertificates;
let started: TlsStart;
let endpoint: string;

beforeAll(async () => {
  certificates = await TestCertificates.make();
  started = await TlsStart.in(certificates.folder, "--store", "memory");
  endpoint = started.document.regions[0]?.endpoint ?? "";
  expect(started.log()).toMatch(/each of 1 ports takes our certificates/);
});
afterAll(async () => {
  await started?.[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

test("the command line tool of this machine needs to be told nothing", async () => {
  expect(await started.cli("try", "order:1")).toMatchObject({ exitCode: 0 });
});

test("the keys are for their owner alone", () => {
  for (const name of ["ca", "router", "client"]) {
    expect(statSync(join(started.dataDir, "tls", `${name}.key`)).mode & 0o777).toBe(0o600);
  }
});

test("whoever speaks plain text is told which files to name", async () => {
  const { exitCode, said } = await started.cli("ls", "--endpoints", endpoint);
  expect(exitCode).toBe(69);
  expect(said).toContain("speaks TLS, and no certificate is given");
  expect(said).toContain("--tls-ca");
});

test("a certificate of another installation is refused, and why is said", async () => {
  const { ca, cert, key } = await certificates.client();
  const ours = { ca: join(started.dataDir, "tls", "ca.pem") };
  const with_ = (files: { ca: string; cert: string; key: string }) => [
    ...["ls", "--endpoints", endpoint, "--tls-ca", files.ca],
    ...["--tls-cert", files.cert, "--tls-key", files.key],
  ];
  const stranger = await started.cli(...with_({ ca, cert, key }));
  expect(stranger).toMatchObject({ exitCode: 69 });
  expect(stranger.said).toContain("its certificate is not signed by our CA");
  const unbelieved = await started.cli(...with_({ ...ours, cert, key }));
  expect(unbelieved).toMatchObject({ exitCode: 69 });
  expect(unbelieved.said).toContain("our own certificate is not signed by the CA we believe in");
});
