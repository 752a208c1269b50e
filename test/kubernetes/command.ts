import { type ChildProcess, spawn } from "node:child_process";

/** What a command that ended had to say. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  readonly input?: string;
  /** It is ended after so long, with all that it started, and that is an error. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Hears every line of its errors as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

/** A command that did not do what it was to do. */
export class CommandError extends Error {}

const timeoutDefaultMs = 120_000;
const wordsShown = 12;

/**
 * Runs a command to its end, in a process group of its own: a Ctrl-C at the terminal is then heard
 * by us alone, who still need commands to clean up. Throws only if it could not be run or did not
 * end in time.
 */
export function run(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { input = "", timeoutMs = timeoutDefaultMs, signal } = options;
  const child = startGroup(words);
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    const give = (message: string) => {
      killGroup(child);
      reject(new CommandError(`${shown(words)} ${message}`));
    };
    const onAbort = () => give("was interrupted");
    const timer = setTimeout(() => give(`did not end within ${timeoutMs / 1_000} s`), timeoutMs);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      for (const line of chunk.split("\n")) if (line !== "") options.onErrorLine?.(line);
    });
    child.once("error", (error) => {
      finish();
      reject(new CommandError(`${shown(words)} cannot be run: ${error.message}`));
    });
    child.once("close", (code) => {
      finish();
      resolve({ code: code ?? 1, stdout, stderr });
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/** The same for a command that has to succeed; its output. */
export async function runWell(
  words: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() === "" ? stdout : stderr).trim().split("\n").slice(-8).join("\n");
  throw new CommandError(`${shown(words)} ended with ${code}: ${said}`);
}

/** Starts a command that goes on, in a process group of its own. */
export function startGroup(words: readonly string[]): ChildProcess {
  const [file = "", ...args] = words;
  return spawn(file, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
}

/** Ends a command with all that it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone in the same instant.
  }
}

function shown(words: readonly string[]): string {
  return `${words.slice(0, wordsShown).join(" ")}${words.length > wordsShown ? " …" : ""}`;
}
