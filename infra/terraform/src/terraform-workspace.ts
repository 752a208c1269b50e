import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { findProvider, providerCache } from "./provider-file.ts";
import { type ProviderProcess, startProvider } from "./provider-process.ts";

/** The folder `terraform/` of this repository. */
export const terraformFolder = resolve(import.meta.dirname, "../../../terraform");

const commandMs = 300_000;
/** A plan as JSON holds the schema of the whole provider. */
const outputBytesMax = 128 * 1024 * 1024;

/** How a Terraform command ended. */
export interface TerraformResult {
  readonly isDone: boolean;
  readonly stdout: string;
  /** Both streams, for people. */
  readonly said: string;
}

/** A copy of `terraform/` in which commands may leave what they like, and one provider for all. */
export class TerraformWorkspace implements Disposable {
  readonly #folder: string;
  readonly #terraform: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #provider: ProviderProcess;
  readonly #initialised = new Map<string, Promise<TerraformResult>>();

  constructor(
    folder: string,
    terraform: string,
    env: NodeJS.ProcessEnv,
    provider: ProviderProcess,
  ) {
    this.#folder = folder;
    this.#terraform = terraform;
    this.#env = { ...env, TF_REATTACH_PROVIDERS: provider.reattach };
    this.#provider = provider;
  }

  /** Runs a command in a folder below `terraform/`, after `init` there. */
  async run(module: string, args: readonly string[]): Promise<TerraformResult> {
    const init = ["init", "-backend=false", "-input=false", "-no-color"];
    let initialised = this.#initialised.get(module);
    if (initialised === undefined) {
      initialised = this.#command(module, init);
      this.#initialised.set(module, initialised);
    }
    const begun = await initialised;
    return begun.isDone ? await this.#command(module, args) : begun;
  }

  /** Writes a file of the copy, below `terraform/`. */
  write(path: string, text: string): void {
    const file = join(this.#folder, "terraform", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  [Symbol.dispose](): void {
    this.#provider.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #command(module: string, args: readonly string[]): Promise<TerraformResult> {
    return command(this.#terraform, args, join(this.#folder, "terraform", module), this.#env);
  }
}

/** A workspace, or why this machine cannot have one. */
export type OpenResult = TerraformWorkspace | { readonly missing: string };

/** Finds Terraform and its provider, and copies `terraform/` to where they may work on it. */
export async function openTerraform(): Promise<OpenResult> {
  const found = await findTool("terraform");
  if (found.kind === "missing") return { missing: found.reason };
  const folder = mkdtempSync(join(tmpdir(), "holdfast-terraform-"));
  const settings = join(folder, "settings.tfrc");
  // The machine's own settings may name a file that is not there, which is a warning each time.
  writeFileSync(settings, "");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    TF_CLI_CONFIG_FILE: settings,
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
  };
  cpSync(terraformFolder, join(folder, "terraform"), {
    recursive: true,
    // What a real apply left there is its own: another backend, another provider.
    filter: (path) => !/\.terraform(\.lock\.hcl)?$/.test(path),
  });
  const provider = findProvider() ?? (await downloadProvider(found.path, folder, env));
  if (typeof provider !== "string") {
    rmSync(folder, { recursive: true, force: true });
    return provider;
  }
  return new TerraformWorkspace(folder, found.path, env, await startProvider(provider));
}

/** Lets Terraform itself fetch the provider, into the tool cache. */
async function downloadProvider(
  terraform: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string | { missing: string }> {
  const cache = providerCache();
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    return { missing: `the tool cache cannot be written (${String(error)})` };
  }
  const module = join(folder, "terraform", "modules", "network");
  const withCache = { ...env, TF_PLUGIN_CACHE_DIR: cache };
  const args = ["init", "-backend=false", "-input=false", "-no-color"];
  const fetched = await command(terraform, args, module, withCache);
  rmSync(join(module, ".terraform"), { recursive: true, force: true });
  const why = /Error while installing[^\n]*|Failed to query[^\n]*|could not [^\n]*/.exec(
    fetched.said,
  );
  return (
    findProvider() ?? {
      missing:
        "the AWS provider is in no folder of plugins (HOLDFAST_TERRAFORM_PLUGINS names one) and " +
        `cannot be fetched${why === null ? "" : `: ${why[0]}`}`,
    }
  );
}

function command(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<TerraformResult> {
  return new Promise((done) => {
    const options = { cwd, env, timeout: commandMs, maxBuffer: outputBytesMax } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      done({ isDone: error === null, stdout, said: `${stdout}${stderr}` });
    });
  });
}
