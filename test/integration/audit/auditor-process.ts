import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import { type LogLine, linesOf } from "../log-lines.ts";

const root = new URL("../../../", import.meta.url);
const main = fileURLToPath(new URL("services/auditor/src/main.ts", root));

/** Where an auditor of a test finds what it needs. */
export interface AuditorEnvironment {
  /** Its log lies here. */
  readonly folder: string;
  readonly name: string;
  readonly kafka: string;
  readonly postgres: string;
}

/** The auditor as a process of its own. */
export class AuditorProcess extends ServerProcess {
  readonly metrics: string;

  private constructor(environment: AuditorEnvironment, metrics: string) {
    const { folder, name, kafka, postgres } = environment;
    const logPath = join(folder, `${name}.log`);
    super({
      title: name,
      file: process.execPath,
      args: [main],
      env: {
        HOLDFAST_REGION: "us-east-1",
        HOLDFAST_KAFKA: kafka,
        HOLDFAST_POSTGRES: postgres,
        HOLDFAST_METRICS_LISTEN: metrics,
      },
      logPath,
      isReady: (pid) =>
        linesOf(logPath).some((line) => line.pid === pid && line.action === "ready"),
      startTimeoutMs: 30_000,
      stopGraceMs: 6_000,
    });
    this.metrics = metrics;
  }

  /** One that has not been started. */
  static async make(environment: AuditorEnvironment): Promise<AuditorProcess> {
    const [port] = await freePorts(1);
    return new AuditorProcess(environment, `127.0.0.1:${port}`);
  }

  /** Starts it and waits until it is ready. */
  async begin(): Promise<void> {
    this.start();
    if (!(await this.waitReady())) throw new Error(this.describeFailure());
  }

  /** Everything it said, over all its lives. */
  get lines(): readonly LogLine[] {
    return linesOf(this.logPath);
  }

  /** What a count stands at, as Prometheus would have it; undefined if it is not told. */
  async count(name: string): Promise<number | undefined> {
    const answer = await fetch(`http://${this.metrics}/metrics`);
    const line = (await answer.text()).split("\n").find((each) => each.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  /** The status of its health, and why. */
  async health(): Promise<readonly [status: number, text: string]> {
    const answer = await fetch(`http://${this.metrics}/healthz`);
    return [answer.status, await answer.text()];
  }
}
