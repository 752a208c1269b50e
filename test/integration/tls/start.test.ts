import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCertificates } from "./certificates.ts";

const root = new URL("../../../", import.meta.url);
const script = (path: string) => fileURLToPath(new URL(path, root));

let certificates: TestCertificates;
let started: ServerProcess;
/** Where the installation keeps what it made. */
let dataDir: string;
let endpoint: string;

beforeAll(async () => {
  certificates = await TestCertificates.make();
  dataDir = join(certificates.folder, "here", ".holdfast");
  mkdirSync(join(certificates.folder, "here"));
  const logPath = join(certificates.folder, "start.log");
  const options = ["--tls", "--store", "memory", "--regions", "us-east-1", "--port-base", "0"];
  started = new ServerProcess({
    title: "npm start",
    file: process.execPath,
    args: [script("infra/local/src/main.ts"), ...options, "--data-dir", dataDir, "--json"],
    logPath,
    isReady: () => readFileSync(logPath, "utf8").includes('"event":"ready"'),
    startTimeoutMs: 60_000,
    stopGraceMs: 10_000,
  });
  started.start();
  if (!(await started.waitReady())) throw new Error(started.describeFailure());
  const document = JSON.parse(readFileSync(join(dataDir, "endpoints.json"), "utf8"));
  endpoint = document.regions[0].endpoint;
  expect(readFileSync(logPath, "utf8")).toMatch(/each of 1 ports takes our certificates/);
});
afterAll(async () => {
  await started.stop();
  certificates[Symbol.dispose]();
});

/** Runs the command line tool where the installation's data lies. */
function cli(...args: readonly string[]): Promise<{ exitCode: number; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script("libs/cli/src/main.ts"), ...args], {
      cwd: join(dataDir, ".."),
      env: { PATH: process.env.PATH ?? "" },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        said += text.toString();
      });
    }
    child.on("close", (code) => resolve({ exitCode: code ?? 1, said }));
  });
}

test("the command line tool of this machine needs to be told nothing", async () => {
  expect(await cli("try", "order:1")).toMatchObject({ exitCode: 0 });
});

test("the keys are for their owner alone", () => {
  for (const name of ["ca", "router", "client"]) {
    expect(statSync(join(dataDir, "tls", `${name}.key`)).mode & 0o777).toBe(0o600);
  }
});

test("whoever speaks plain text is told which files to name", async () => {
  const { exitCode, said } = await cli("ls", "--endpoints", endpoint);
  expect(exitCode).toBe(69);
  expect(said).toContain("speaks TLS, and no certificate is given");
  expect(said).toContain("--tls-ca");
});

test("a certificate of another installation is refused, and why is said", async () => {
  const { ca, cert, key } = await certificates.client();
  const ours = { ca: join(dataDir, "tls", "ca.pem") };
  const with_ = (files: { ca: string; cert: string; key: string }) => [
    ...["ls", "--endpoints", endpoint, "--tls-ca", files.ca],
    ...["--tls-cert", files.cert, "--tls-key", files.key],
  ];
  const stranger = await cli(...with_({ ca, cert, key }));
  expect(stranger).toMatchObject({ exitCode: 69 });
  expect(stranger.said).toContain("its certificate is not signed by our CA");
  const unbelieved = await cli(...with_({ ...ours, cert, key }));
  expect(unbelieved).toMatchObject({ exitCode: 69 });
  expect(unbelieved.said).toContain("our own certificate is not signed by the CA we believe in");
});
