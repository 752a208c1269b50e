import { type ChildProcess, spawn } from "node:child_process";

/** Whose rights a process has. */
export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Ourselves if absent. */
  readonly user?: UnixUser | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The whole process group is killed after this long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called for every line of either stream, as it comes. */
  readonly onLine?: (line: string) => void;
}

export type CommandResult =
  | { readonly kind: "done"; readonly stdout: string }
  /** `why` is one line fit for a message; `tail` the last lines the command printed. */
  | { readonly kind: "failed"; readonly why: string; readonly tail: readonly string[] };

const STDOUT_CHARS_MAX = 4_000_000;
const TAIL_LINES_MAX = 20;

/**
 * Runs a command to its end and never throws for what the command does. It gets a process group
 * of its own, so that a timeout or an abort also ends what it started (a compiler under `go`).
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    if (options.signal?.aborted) {
      resolve({ kind: "failed", why: "interrupted", tail: [] });
      return;
    }
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: (options.env ?? process.env) as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...options.user,
    });
    let stdout = "";
    const tail: string[] = [];
    const onLine = (line: string): void => {
      tail.push(line);
      if (tail.length > TAIL_LINES_MAX) tail.shift();
      options.onLine?.(line);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      if (stdout.length < STDOUT_CHARS_MAX) stdout += chunk.toString("utf8");
    });
    splitLines(child.stdout, onLine);
    splitLines(child.stderr, onLine);

    let stopped: string | undefined;
    const stop = (why: string): void => {
      stopped ??= why;
      killGroup(child, "SIGKILL");
    };
    const onAbort = (): void => stop("interrupted");
    const timer = setTimeout(
      () => stop(`did not end within ${options.timeoutMs / 1000} s`),
      options.timeoutMs,
    );
    options.signal?.addEventListener("abort", onAbort, { once: true });
    // A process that ends by other ways than our own signal handling must not leave a build behind.
    const onExit = (): void => killGroup(child, "SIGKILL");
    process.once("exit", onExit);

    const finish = (result: CommandResult): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      process.removeListener("exit", onExit);
      resolve(result);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? `${file} is not on PATH` : error.message;
      finish({ kind: "failed", why, tail });
    });
    child.once("close", (code, signal) => {
      if (stopped !== undefined) finish({ kind: "failed", why: stopped, tail });
      else if (code === 0) finish({ kind: "done", stdout });
      else finish({ kind: "failed", why: lastLine(tail) ?? `ended with ${signal ?? code}`, tail });
    });
  });
}

function lastLine(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => line.trim() !== "")?.trim();
}

function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("utf8")).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone in the same instant.
  }
}
