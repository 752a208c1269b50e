import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { userEnvironment } from "./environment.ts";

/** How a program is started. */
export interface ProgramOptions {
  readonly cwd: string;
  /** Added to the environment of a user. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads; nothing if absent. */
  readonly stdin?: string;
  /** A process group of its own, as a shell gives every job: needed to press Ctrl-C. */
  readonly ownGroup?: boolean;
}

/** How it ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Those in our own group that have not ended: they end with us, whatever became of the test. */
const running = new Set<Program>();
process.once("exit", () => {
  for (const program of running) program.kill("SIGKILL");
});

/**
 * Asks a group to end when we are gone, kill -9 included: nobody else would, for what ends our
 * group does not reach it. Ended by the returned function when it is needed no more.
 */
function outliveUs(group: number): () => void {
  const script = `read -r never; kill -TERM -${group}; kill -CONT -${group}`;
  const guard = spawn("sh", ["-c", script], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.stdin?.on("error", () => {});
  return () => guard.kill("SIGKILL");
}

/** One program that runs, with all it has printed. */
export class Program {
  stdout = "";
  stderr = "";
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #ownGroup: boolean;
  readonly #ended: Promise<Ended>;
  #isOver = false;

  constructor(file: string, args: readonly string[], options: ProgramOptions) {
    const { cwd, env, stdin, ownGroup = false } = options;
    this.#what = [file, ...args].join(" ");
    this.#ownGroup = ownGroup;
    const child = spawn(file, args, {
      cwd,
      env: userEnvironment(env),
      detached: ownGroup,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    child.stdin?.end(stdin);
    if (!ownGroup) running.add(this);
    const forget = ownGroup && this.pid > 0 ? outliveUs(this.pid) : () => {};
    this.#ended = new Promise((resolve, reject) => {
      const over = () => {
        this.#isOver = true;
        running.delete(this);
        forget();
      };
      child.once("error", (error) => {
        over();
        reject(error);
      });
      child.once("close", (code, signal) => {
        over();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.#ended.catch(() => {});
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** To the program alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** What a terminal does: SIGINT to everyone in the group, if there is one still. */
  pressCtrlC(): void {
    if (!this.#ownGroup) throw new Error("the group is that of the tests");
    if (!this.#isOver) process.kill(-this.pid, "SIGINT");
  }

  /** Its end; one that does not come within the time is killed and reported as an error. */
  async ended(withinMs = 60_000): Promise<Ended> {
    const late = new AbortController();
    const timer = sleep(withinMs, undefined, { signal: late.signal }).then(
      () => {
        this.kill("SIGKILL");
        throw new Error(`${this.#what} did not end within ${withinMs} ms\n${this.#said()}`);
      },
      () => this.#ended,
    );
    try {
      return await Promise.race([this.#ended, timer]);
    } finally {
      late.abort();
    }
  }

  /** Waits until stdout or stderr matches; throws when the program ends before, or in time. */
  async says(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    const endMs = performance.now() + withinMs;
    for (;;) {
      const isOver = this.#isOver;
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      if (isOver) throw new Error(`${this.#what} ended before ${pattern}\n${this.#said()}`);
      if (performance.now() > endMs) {
        throw new Error(`${this.#what} did not say ${pattern}\n${this.#said()}`);
      }
      await sleep(20);
    }
  }

  #said(): string {
    return `stdout: ${this.stdout}\nstderr: ${this.stderr}`;
  }
}

/** Runs a program to its end. */
export function run(
  file: string,
  args: readonly string[],
  options: ProgramOptions & { readonly withinMs?: number },
): Promise<Ended> {
  return new Program(file, args, options).ended(options.withinMs);
}
