import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { appFolder, type Image, programsFolder, userId } from "@holdfast/docker/image";

/**
 * Run by the first process of namespaces of its own: makes the root filesystem read-only, gives it
 * what a container engine gives, and becomes the entrypoint: number 1 there, without any rights.
 */
const confine = `set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp"
mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
touch "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs unshare --root "$root" --wd /${appFolder} \\
  --setgid ${userId} --setuid ${userId} -- "$@"`;
const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
/** As container engines set it. */
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Why nothing can be confined on this machine; undefined where it can be. */
export const unconfined = reasonAgainst();

if (unconfined !== undefined) console.warn(`images are started unconfined: ${unconfined}`);

function reasonAgainst(): string | undefined {
  if (process.platform !== "linux") return "that takes Linux";
  if (process.getuid?.() !== 0) return "that takes root";
  const tried = spawnSync(
    "unshare",
    [...namespaces, "sh", "-c", "mount -t tmpfs tmpfs /mnt && exec setpriv --no-new-privs true"],
    { encoding: "utf8" },
  );
  if (tried.status === 0) return undefined;
  return `unshare, mount or setpriv fails (${tried.error?.message ?? tried.stderr.trim()})`;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process in the root filesystem of an image, as a container engine would start it. */
export class ConfinedProcess implements AsyncDisposable {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #printed = "";

  /** `args` follow the image's entrypoint, or stand in place of it. */
  constructor(
    root: string,
    image: Image,
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    { replacesEntrypoint = false } = {},
  ) {
    const command = replacesEntrypoint ? args : [...image.entrypoint, ...args];
    this.#child = spawnAs(root, command, { ...image.env, ...env });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        this.#printed += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
      this.#child.once("error", (error) => {
        this.#printed += error.message;
        resolve({ code: null, signal: null });
      });
    });
  }

  /** All that it printed. */
  get printed(): string {
    return this.#printed;
  }

  /** Waits for a word in what it prints; throws with all of it if the process ends before. */
  async untilPrinted(word: string, timeoutMs = 20_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.#printed.includes(word)) {
      const isOver = this.#child.exitCode !== null || performance.now() > untilMs;
      if (isOver) throw new Error(`it did not print ${word} but\n${this.#printed}`);
      await sleep(20);
    }
  }

  /** Sends a signal to the entrypoint itself, as an engine does. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Of the entrypoint, as this machine counts. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`it was not started: ${this.#printed}`);
    if (unconfined !== undefined) return pid;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

function spawnAs(
  root: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const options = { env: { PATH: path, ...env }, stdio: ["ignore", "pipe", "pipe"] } as const;
  if (unconfined === undefined) {
    const args = [...namespaces, "sh", "-c", confine, "sh", root, ...command];
    return spawn("unshare", args, { ...options, stdio: [...options.stdio] });
  }
  const [name = "", ...args] = command;
  const program = name.startsWith("/") ? name : join(programsFolder, name);
  const cwd = join(root, appFolder);
  return spawn(join(root, program), args, { ...options, stdio: [...options.stdio], cwd });
}
