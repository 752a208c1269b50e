import { join } from "node:path";
import { repository } from "./environment.ts";
import type { Platform } from "./platform.ts";
import { type Ended, Program, type ProgramOptions, run } from "./program.ts";

const bin = join(repository, "libs/cli/bin/holdfast.js");

/** What differs from a command typed in the repository against the first region's endpoint. */
export type CommandOptions = Partial<ProgramOptions> & {
  /** In place of the first region's endpoint. */
  readonly endpoints?: string;
};

/** The command line tool against a platform, on the Node that runs the tests. */
export class CommandLine {
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Runs `holdfast …` to its end. */
  run(words: string | readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return run(process.execPath, this.#arguments(words), this.#options(options));
  }

  /** Starts `holdfast …`. */
  start(words: string | readonly string[], options: CommandOptions = {}): Program {
    return new Program(process.execPath, this.#arguments(words), this.#options(options));
  }

  /** Runs `holdfast … -o json`, which must end with `code`, and reads what it printed. */
  async json(words: string, code = 0, options: CommandOptions = {}) {
    const ended = await this.run(`${words} -o json`, options);
    if (ended.code !== code) {
      throw new Error(`${words}: ${ended.code}, not ${code}\n${ended.stdout}${ended.stderr}`);
    }
    return JSON.parse(ended.stdout === "" ? ended.stderr : ended.stdout);
  }

  /** Takes a lock as `acquire` does, and returns its handle. */
  async acquire(words: string, options: CommandOptions = {}): Promise<string> {
    const { handle } = await this.json(`acquire ${words}`, 0, options);
    return handle;
  }

  #arguments(words: string | readonly string[]): string[] {
    return [bin, ...(typeof words === "string" ? words.split(" ") : words)];
  }

  #options({ endpoints, env, ...rest }: CommandOptions): ProgramOptions {
    const HOLDFAST_ENDPOINTS = endpoints ?? this.#platform.endpoint();
    return { cwd: repository, ...rest, env: { HOLDFAST_ENDPOINTS, ...env } };
  }
}
