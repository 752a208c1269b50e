import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { findProvider, pluginFolders } from "./provider-file.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-plugins-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const platform = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;

/** A mirror with one version of the provider; the path of its file. */
function mirror(name: string, version: string): { folder: string; file: string } {
  const folder = join(root, name);
  const home = join(folder, "registry.example", "hashicorp", "aws", version, platform);
  mkdirSync(home, { recursive: true });
  const file = join(home, `terraform-provider-aws_v${version}_x5`);
  writeFileSync(file, "");
  return { folder, file };
}

it("a mirror that is named comes first", () => {
  const { folder, file } = mirror("named", "5.100.0");
  expect(findProvider({ HOME: root, HOLDFAST_TERRAFORM_PLUGINS: folder })).toBe(file);
});

it("a provider older than the modules is passed over", () => {
  const { folder } = mirror("old", "5.42.0");
  const { file } = mirror(".terraform.d/plugins", "5.100.1");
  expect(findProvider({ HOME: root, HOLDFAST_TERRAFORM_PLUGINS: folder })).toBe(file);
});

it("Terraform's own settings are read for mirrors", () => {
  const settings = join(root, "settings.tfrc");
  writeFileSync(
    settings,
    `provider_installation {\n  filesystem_mirror { path = "/a/mirror" }\n}\n`,
  );
  expect(pluginFolders({ HOME: root, TF_CLI_CONFIG_FILE: settings })).toContain("/a/mirror");
});

it("a relative folder is no mirror, for it would be another one in every folder", () => {
  expect(pluginFolders({ HOME: root, HOLDFAST_TERRAFORM_PLUGINS: "mirror" })).not.toContain(
    "mirror",
  );
});
