import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Cluster } from "./cluster.ts";
import { killGroup } from "./command.ts";
import type { LoadFigures, LoadLine, LoadSettings } from "./pod/settings.ts";
import type { TestPod } from "./test-pod.ts";

const readyTimeoutMs = 90_000;
const reportTimeoutMs = 180_000;

/** Clients at work in a pod, and what they have met so far. */
export class RunningLoad {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #listeners = new Set<(line: LoadLine | undefined) => void>();
  #latest: LoadFigures | undefined;
  #stderr = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#stderr = `${this.#stderr}${chunk}`.slice(-4_000);
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#hear(line));
    this.#ended = new Promise((resolve) => child.once("close", () => resolve()));
    void this.#ended.then(() => this.#tell(undefined));
  }

  /** Starts clients in `pod`; resolves once they hold what they are to keep, and work. */
  static async start(cluster: Cluster, pod: TestPod, settings: LoadSettings): Promise<RunningLoad> {
    const words = pod.programWords("main.ts", JSON.stringify(settings));
    const load = new RunningLoad(cluster.startKubectl(words));
    await load.#next("ready", readyTimeoutMs);
    return load;
  }

  /** What they have met up to half a second ago. */
  get figures(): LoadFigures | undefined {
    return this.#latest;
  }

  /** Lets them end, and look whether what they believe in is so. */
  async stop(): Promise<LoadFigures> {
    this.#child.stdin?.end();
    const line = await this.#next("report", reportTimeoutMs);
    await this.#ended;
    return line.figures;
  }

  /** Ends it without a word. */
  async abandon(): Promise<void> {
    this.#child.stdin?.end();
    killGroup(this.#child);
    await this.#ended;
  }

  #next<Kind extends "ready" | "report">(kind: Kind, timeoutMs: number) {
    return new Promise<LoadLine & { kind: Kind }>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        end();
      };
      const fail = (why: string) => {
        settle(() => reject(new Error(`the load in the pod ${why}: ${this.#stderr.trim()}`)));
      };
      const listener = (line: LoadLine | undefined) => {
        if (line === undefined) fail("ended before its time");
        else if (line.kind === "failed") fail(`failed: ${line.why}`);
        else if (line.kind === kind) settle(() => resolve(line as LoadLine & { kind: Kind }));
      };
      const timer = setTimeout(() => fail(`did not say "${kind}"`), timeoutMs);
      this.#listeners.add(listener);
      this.#child.once("error", (error) => fail(`cannot be started: ${error.message}`));
    });
  }

  #hear(text: string): void {
    let line: LoadLine;
    try {
      line = JSON.parse(text) as LoadLine;
    } catch {
      // What is no line of ours says why there is none.
      this.#stderr += `${text}\n`;
      return;
    }
    if (line.kind === "progress") this.#latest = line.figures;
    this.#tell(line);
  }

  #tell(line: LoadLine | undefined): void {
    for (const listener of this.#listeners) listener(line);
  }
}
