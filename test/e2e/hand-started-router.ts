import { join } from "node:path";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { repository } from "./environment.ts";
import type { Platform } from "./platform.ts";
import { Program } from "./program.ts";

/** One more router of the platform's first region, which nobody starts again when it dies. */
export class HandStartedRouter implements AsyncDisposable {
  readonly endpoint: string;
  readonly #platform: Platform;
  #program: Program | undefined;

  constructor(platform: Platform, port: number) {
    this.#platform = platform;
    this.endpoint = `127.0.0.1:${port}`;
  }

  /** Routers with ports of their own, none of them started. */
  static async several(platform: Platform, count: number): Promise<HandStartedRouter[]> {
    return (await freePorts(count)).map((port) => new HandStartedRouter(platform, port));
  }

  /** Starts it and waits until it serves. */
  async start(): Promise<this> {
    const [home, ...others] = this.#platform.regions;
    const list = (shards: typeof home) =>
      shards?.shards.map(({ name, endpoints }) => `${name}=${endpoints.join(",")}`).join(";") ?? "";
    const env = {
      HOLDFAST_CLUSTER: this.#platform.cluster,
      HOLDFAST_REGION: home?.region ?? "",
      HOLDFAST_LISTEN: this.endpoint,
      HOLDFAST_SHARDS: list(home),
      HOLDFAST_PEERS: others.map(({ region, endpoint }) => `${region}=${endpoint}`).join(";"),
    };
    const main = join(repository, "services/router/src/main.ts");
    this.#program = new Program(process.execPath, [main], { cwd: repository, env });
    await this.#program.says(/"event\.action":"ready"/);
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.#program?.kill(signal);
  }

  /** Its exit code. */
  async ended(): Promise<number | null | undefined> {
    return (await this.#program?.ended(10_000))?.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended();
  }
}
