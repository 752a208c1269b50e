import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformFolder } from "@holdfast/terraform/terraform-workspace";
import { findTool } from "@holdfast/toolchain/find-tool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// To install it takes minutes, which a test does not have: whoever runs the suite looked for it.
const found = await findTool("checkov", { offline: true });
const missing = found.kind === "found" ? undefined : found.reason;
if (missing !== undefined) console.warn(`skipped, for want of checkov: ${missing}`);

const scanMs = 110_000;

/** One check of one resource, as checkov tells it. */
interface Check {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  readonly repo_file_path: string;
}

interface Scan {
  readonly results: {
    readonly passed_checks: readonly Check[];
    readonly failed_checks: readonly Check[];
    readonly parsing_errors: readonly string[];
  };
}

/** What everybody knows to be unsafe. */
const planted = `resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = "sg-1"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}
`;

describe.skipIf(missing !== undefined)("checkov", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-checkov-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let scan: Scan;

  beforeAll(async () => {
    cpSync(terraformFolder, join(folder, "terraform"), {
      recursive: true,
      filter: (path) => !path.endsWith(".terraform"),
    });
    mkdirSync(join(folder, "planted"));
    writeFileSync(join(folder, "planted", "main.tf"), planted);
    scan = await scanOf(folder);
  }, scanMs);

  it("finds nothing that is not mended or explained in its place", () => {
    const findings = scan.results.failed_checks
      .filter(({ repo_file_path: path }) => !path.includes("/planted/"))
      .map(({ check_id, check_name, resource }) => `${check_id} ${resource}: ${check_name}`);
    expect([...new Set(findings)]).toEqual([]);
    expect(scan.results.parsing_errors).toEqual([]);
  });

  it("looked at everything", () => {
    expect(scan.results.passed_checks.length).toBeGreaterThan(300);
  });

  it("finds a door that stands open", () => {
    const findings = scan.results.failed_checks.filter(({ repo_file_path: path }) =>
      path.includes("/planted/"),
    );
    expect(findings.map(({ check_id }) => check_id)).toContain("CKV_AWS_24");
  });
});

it("every exception says why", () => {
  const files = readdirSync(terraformFolder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tf"))
    .map((name) => readFileSync(join(terraformFolder, name), "utf8"));
  const exceptions = files.flatMap((text) => [...text.matchAll(/checkov:skip=(\w+)(.*)/g)]);
  expect(exceptions.length).toBeGreaterThan(0);
  expect(exceptions.filter(([, , why = ""]) => !/^:.{20}/.test(why)).map(([, id]) => id)).toEqual(
    [],
  );
});

function scanOf(folder: string): Promise<Scan> {
  if (found.kind === "missing") throw new Error(found.reason);
  const args = ["-d", folder, "--framework", "terraform", "--skip-download", "--compact"];
  const options = { maxBuffer: 64 * 1024 * 1024, timeout: scanMs };
  return new Promise((resolve, reject) => {
    // It ends with 1 when it finds something, and something is planted.
    execFile(found.path, [...args, "-o", "json"], options, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Scan);
      } catch {
        reject(new Error(`checkov did not tell: ${error?.message ?? ""} ${stderr.slice(-2_000)}`));
      }
    });
  });
}
