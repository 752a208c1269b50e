import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isSameProcess } from "@holdfast/toolchain/process-identity";
import { repository } from "./environment.ts";
import { type Ended, Program } from "./program.ts";

/** A part of `endpoints.json`. */
export interface RegionEndpoints {
  readonly region: string;
  readonly endpoint: string;
  readonly shards: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
}

/** A process of the platform, as `children.json` has it. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
}

/** `npm start`, from the moment it serves. `await using` stops it and removes its data. */
export class Platform implements AsyncDisposable {
  readonly program: Program;
  readonly dataDir: string;
  readonly cluster: string;
  readonly regions: readonly RegionEndpoints[];
  /** host:port by which the record is asked; undefined where there is none. */
  readonly audit: string | undefined;
  /** All processes it started, those it has started again since excepted. */
  readonly children: readonly Child[];
  #keepsData = false;

  private constructor(program: Program, dataDir: string) {
    this.program = program;
    this.dataDir = dataDir;
    const { cluster, regions, audit } = readJson(dataDir, "endpoints.json");
    this.cluster = cluster;
    this.audit = audit;
    this.regions = regions;
    this.children = readJson(dataDir, "children.json");
  }

  /** Types `npm start -- …` and waits until it serves; free ports, and a folder of its own. */
  static async start(args = "", dataDir = newDataDir()): Promise<Platform> {
    const words = ["start", "--", "--port-base", "0", "--data-dir", dataDir, ...args.split(" ")];
    const program = new Program(
      "npm",
      words.filter((word) => word !== ""),
      { cwd: repository, ownGroup: true },
    );
    try {
      await program.says(/Ctrl-C stops everything/, 90_000);
    } catch (error) {
      program.pressCtrlC();
      throw error;
    }
    return new Platform(program, dataDir);
  }

  /** All endpoints as HOLDFAST_ENDPOINTS has them. */
  get endpoints(): string {
    return this.regions.map(({ endpoint }) => endpoint).join(",");
  }

  /** The endpoint of a region; of the first one if absent. */
  endpoint(region = this.regions[0]?.region): string {
    const found = this.regions.find((each) => each.region === region);
    if (found === undefined) throw new Error(`no region ${region}`);
    return found.endpoint;
  }

  /** The processes whose names begin so, as they are now. */
  processes(name: string): Child[] {
    const now: Child[] = readJson(this.dataDir, "children.json");
    return now.filter((child) => child.name.startsWith(name));
  }

  /** Those of the processes it started that live still. */
  living(): string[] {
    return this.children
      .filter(({ pid, identity }) => isSameProcess(pid, identity))
      .map(({ name }) => name);
  }

  /** kill -9 of what supervises the processes; they live on. */
  async killSupervisor(): Promise<void> {
    process.kill(Number(readFileSync(join(this.dataDir, "pid"), "utf8").trim()), "SIGKILL");
    await this.program.ended(10_000);
  }

  /** kill -9 of all that is left. */
  killChildren(): void {
    for (const { pid, identity } of this.children) {
      if (isSameProcess(pid, identity)) process.kill(pid, "SIGKILL");
    }
  }

  /** Ctrl-C. The data stays for another start until this one is disposed. */
  stop(): Promise<Ended> {
    this.program.pressCtrlC();
    return this.program.ended(20_000);
  }

  /** Leaves the data to another start. */
  keepData(): void {
    this.#keepsData = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.program.isOver) await this.stop();
    this.killChildren();
    if (!this.#keepsData) rmSync(dirname(this.dataDir), { recursive: true, force: true });
  }
}

/** A folder for one platform; its parent is the working directory of its user. */
function newDataDir(): string {
  const parent = mkdtempSync(join(tmpdir(), "holdfast-e2e-"));
  // Where root runs the tests, the Postgres of --audit runs as another user, who has to get there.
  chmodSync(parent, 0o711);
  return join(parent, ".holdfast");
}

function readJson(dataDir: string, file: string) {
  return JSON.parse(readFileSync(join(dataDir, file), "utf8"));
}
