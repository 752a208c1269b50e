import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { type CommandOptions, type Ended, run, runWell, startGroup } from "./command.ts";

/** An object of Kubernetes, as far as the suite looks into it. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly uid?: string;
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly replicas?: number;
    readonly selector?: object;
  };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly image: string;
      readonly state: Readonly<Record<string, unknown>>;
    }[];
  };
}

/** How the programs are called. */
export interface Programs {
  readonly kubectl: readonly string[];
  readonly helm: readonly string[];
  /** Runs a command where the packets between nodes pass; absent where nobody can. */
  readonly inside?: readonly string[];
}

const pollMs = 500;

/** A cluster, asked through kubectl and helm as its users ask it. */
export class Cluster {
  readonly #programs: Programs;
  readonly #signal: AbortSignal;

  /** `signal` ends every command that is under way. */
  constructor(programs: Programs, signal: AbortSignal) {
    this.#programs = programs;
    this.#signal = signal;
  }

  /** Whether packets between nodes can be dropped here. */
  get canCutNetworks(): boolean {
    return this.#programs.inside !== undefined;
  }

  /** Has to succeed; its output. */
  kubectl(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    return runWell([...this.#programs.kubectl, ...words], { signal: this.#signal, ...options });
  }

  /** May fail. */
  tryKubectl(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return run([...this.#programs.kubectl, ...words], { signal: this.#signal, ...options });
  }

  /** One that goes on until its input ends. */
  startKubectl(words: readonly string[]): ChildProcess {
    return startGroup([...this.#programs.kubectl, ...words]);
  }

  /** Has to succeed; its output. */
  helm(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    return runWell([...this.#programs.helm, ...words], { signal: this.#signal, ...options });
  }

  /** May fail. */
  tryHelm(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return run([...this.#programs.helm, ...words], { signal: this.#signal, ...options });
  }

  /** A command where the packets between nodes pass. */
  inside(words: readonly string[]): Promise<string> {
    const { inside } = this.#programs;
    if (inside === undefined) throw new Error("nobody can drop packets between these nodes");
    return runWell([...inside, ...words], {});
  }

  /** The objects of a kind, by further words of `kubectl get`. */
  async objects(kind: string, ...words: readonly string[]): Promise<KubernetesObject[]> {
    const text = await this.kubectl(["get", kind, ...words, "--output", "json"]);
    return (JSON.parse(text) as { readonly items: KubernetesObject[] }).items;
  }

  /** Makes objects what they are to be. */
  async apply(objects: readonly object[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await this.kubectl(["apply", "--filename", "-"], { input: JSON.stringify(list) });
  }

  /**
   * Asks again and again until `probe` gives something; throws, with what it last said was lacking,
   * after `timeoutMs`. A probe that throws says by that what is lacking.
   */
  async until<T>(
    what: string,
    timeoutMs: number,
    probe: () => Promise<{ readonly done: T } | string>,
  ): Promise<T> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const found = await probe().catch((error: unknown) => {
        return error instanceof Error ? error.message : String(error);
      });
      if (typeof found !== "string") return found.done;
      if (this.#signal.aborted) throw new Error("interrupted");
      if (performance.now() > deadlineMs) {
        throw new Error(`${what}: not within ${timeoutMs / 1_000} s; ${found}`);
      }
      await sleep(pollMs);
    }
  }
}
