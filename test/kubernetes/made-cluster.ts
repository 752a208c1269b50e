import { findTool } from "@holdfast/toolchain/find-tool";
import type { Programs } from "./cluster.ts";
import { runWell } from "./command.ts";

const upTimeoutMs = 30 * 60_000;
const downTimeoutMs = 5 * 60_000;
const loadTimeoutMs = 5 * 60_000;

/** An image as a container engine would have it: a root filesystem and how it starts. */
export interface PackedImage {
  /** The full name with its tag. */
  readonly tag: string;
  /** The folder with the root filesystem. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
}

/** A cluster that a command brings up and takes down; the contract stands in the README. */
export class MadeCluster {
  readonly #command: string;
  readonly #signal: AbortSignal;

  constructor(command: string, signal: AbortSignal) {
    this.#command = command;
    this.#signal = signal;
  }

  /** Brings up three nodes in three zones. `onLine` hears how far it is. */
  async up(onLine: (line: string) => void): Promise<void> {
    const words = [this.#command, "up", "--nodes", "3", "--addons"];
    await runWell(words, { timeoutMs: upTimeoutMs, signal: this.#signal, onErrorLine: onLine });
  }

  /** Takes it down, also after an interruption. */
  async down(): Promise<void> {
    await runWell([this.#command, "down"], { timeoutMs: downTimeoutMs });
  }

  /** Writes an archive of an image to `file`, and gives it to every node. */
  async addImage(image: PackedImage, file: string): Promise<void> {
    const env = Object.entries(image.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const words = [
      ...["--tag", image.tag, "--root", image.root, "--user", image.user],
      ...["--workdir", image.workdir, "--entrypoint", image.entrypoint.join(" "), ...env],
    ];
    const options = { timeoutMs: loadTimeoutMs, signal: this.#signal };
    await runWell([this.#command, "image", ...words, file], options);
    await runWell([this.#command, "load", file], options);
  }

  /** How kubectl and helm are called inside. */
  async programs(): Promise<Programs> {
    const inside = [this.#command, "exec"];
    return { inside, kubectl: [...inside, "kubectl"], helm: [...inside, await helmPath()] };
  }
}

/** How they are called for a cluster that is there. */
export async function givenPrograms(): Promise<Programs> {
  return { kubectl: ["kubectl"], helm: [await helmPath()] };
}

async function helmPath(): Promise<string> {
  const helm = await findTool("helm");
  if (helm.kind === "missing") throw new Error(helm.reason);
  return helm.path;
}
