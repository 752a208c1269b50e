import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { cacheDir } from "@holdfast/toolchain/cache-dir";
import { isAtLeast, parseVersion } from "@holdfast/toolchain/version";

/** The oldest provider our modules are written for. */
const versionMin = "5.100.0";

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of the tool cache where a downloaded provider lies. */
export function providerCache(env: Environment = process.env): string {
  return join(cacheDir(env), "terraform-plugins");
}

/**
 * The AWS provider for this platform in a folder of plugins: the one HOLDFAST_TERRAFORM_PLUGINS
 * names, those of Terraform's own configuration, those Terraform looks into by itself, the usual
 * places of a mirror, and the tool cache. Undefined if none has it.
 */
export function findProvider(env: Environment = process.env): string | undefined {
  for (const folder of pluginFolders(env)) {
    const found = providerIn(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a mirror may be, in the order in which they are looked into. */
export function pluginFolders(env: Environment): string[] {
  const home = env.HOME ?? homedir();
  const data = env.XDG_DATA_HOME ?? join(home, ".local", "share");
  const configured = configuredFolders(env.TF_CLI_CONFIG_FILE ?? join(home, ".terraformrc"));
  return [
    env.HOLDFAST_TERRAFORM_PLUGINS ?? "",
    ...configured,
    env.TF_PLUGIN_CACHE_DIR ?? "",
    join(home, ".terraform.d", "plugins"),
    join(data, "terraform", "plugins"),
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    ...subfolders("/opt"),
    providerCache(env),
  ].filter((folder) => isAbsolute(folder));
}

/** The folders that a file of Terraform's own settings names. */
function configuredFolders(file: string): string[] {
  if (!existsSync(file)) return [];
  const settings = readFileSync(file, "utf8");
  return [...settings.matchAll(/(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"/g)].map(
    ([, folder = ""]) => folder,
  );
}

function providerIn(folder: string): string | undefined {
  const platform = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
  for (const host of subfolders(folder)) {
    const versions = subfolders(join(host, "hashicorp", "aws")).filter((path) =>
      isAtLeast(parseVersion(path.slice(path.lastIndexOf("/") + 1)), versionMin),
    );
    for (const version of versions) {
      const name = filesIn(join(version, platform)).find((file) =>
        file.startsWith("terraform-provider-aws"),
      );
      if (name !== undefined && !name.endsWith(".zip")) return join(version, platform, name);
    }
  }
  return undefined;
}

function subfolders(folder: string): string[] {
  return filesIn(folder).map((name) => join(folder, name));
}

/** Empty where there is no such folder, or none that may be read. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
