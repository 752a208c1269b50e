import type { ChildProcess } from "node:child_process";
import { recordingFlags } from "@holdfast/runtime/node-flags";
import type { ServerPids } from "../measured-load.ts";
import { shardEnvironment } from "../servers/holdfast.ts";
import { endService, serviceReady, startService } from "../servers/service-process.ts";

/** Where the pipeline finds what it connects. */
export interface PipelineOptions {
  /** URLs of the members of the shard's etcd cluster. */
  readonly etcd: readonly string[];
  /** `host:port` of the broker. */
  readonly kafka: string;
  /** URL of the database. */
  readonly postgres: string;
  /** For the logs. */
  readonly folder: string;
  /** Further arguments for the Node of both, such as a profiler's. */
  readonly execArgv: readonly string[];
}

const services = ["journal", "auditor"] as const;

/** One of its processes. */
export type PipelineService = (typeof services)[number];

/** The journal and the auditor, each a process as a user has it, started and ended at will. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #running = new Map<PipelineService, ChildProcess>();

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Starts those that do not run, and waits until they are ready. */
  async start(...wanted: readonly PipelineService[]): Promise<void> {
    const { folder, execArgv } = this.#options;
    const missing = (wanted.length === 0 ? services : wanted).filter(
      (service) => !this.#running.has(service),
    );
    await Promise.all(
      missing.map((service) => {
        const env = this.#environment();
        const child = startService({ service, env, folder, nodeFlags: recordingFlags, execArgv });
        this.#running.set(service, child);
        return serviceReady(child);
      }),
    );
  }

  /** Ends those, or both. */
  async stop(...wanted: readonly PipelineService[]): Promise<void> {
    const ending = (wanted.length === 0 ? services : wanted).flatMap((service) => {
      const child = this.#running.get(service);
      this.#running.delete(service);
      return child === undefined ? [] : [endService(child)];
    });
    await Promise.all(ending);
  }

  /** Those that run now. */
  get pids(): ServerPids {
    return Object.fromEntries(
      services.map((service) => {
        const pid = this.#running.get(service)?.pid;
        return [service, pid === undefined ? [] : [pid]];
      }),
    );
  }

  #environment(): NodeJS.ProcessEnv {
    const { etcd, kafka, postgres } = this.#options;
    return {
      ...process.env,
      ...shardEnvironment(etcd),
      HOLDFAST_KAFKA: kafka,
      HOLDFAST_POSTGRES: postgres,
      HOLDFAST_LOG_LEVEL: "info",
    };
  }
}
