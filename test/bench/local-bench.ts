import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type ContenderName, contenderNames } from "./contenders/contender.ts";
import { completed, type Figures, throughputFigures } from "./figures.ts";
import type { Options } from "./options.ts";
import { type Arena, Tournament } from "./scenarios/throughput.ts";
import { type EtcdServers, startEtcd } from "./servers/etcd-cluster.ts";
import { type PostgresServer, startPostgres } from "./servers/postgres.ts";
import { type RedisServers, startRedis } from "./servers/redis.ts";
import type { ServerSet, ServersResult } from "./servers/server-set.ts";

/** The local tier against its contenders, in one run on one machine. */
export class LocalBench {
  readonly #options: Options;
  readonly #report: (line: string) => void;
  readonly #folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  readonly #figures: Figures = {};
  #etcd: EtcdServers | undefined;
  #redis: RedisServers | undefined;
  #postgres: PostgresServer | undefined;

  constructor(options: Options, report: (line: string) => void) {
    this.#options = options;
    this.#report = report;
  }

  /** Measures what was asked for. */
  async run(): Promise<Figures> {
    await this.#startServers();
    await this.#throughput();
    this.#figures["machine.cpus"] = cpus().length;
    this.#figures["machine.cpu_model"] = cpus()[0]?.model ?? "unknown";
    this.#figures["machine.node"] = process.version;
    return completed(this.#figures);
  }

  /** Ends all servers and removes their data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#etcd?.stop(), this.#redis?.stop(), this.#postgres?.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startServers(): Promise<void> {
    this.#report("starting servers");
    const wanted = (names: readonly string[]): boolean =>
      names.some((name) => (this.#options.parts as ReadonlySet<string>).has(name));
    const onEtcd = [...this.#options.parts].filter(
      (part) => !["redlock", "postgres"].includes(part),
    );
    if (onEtcd.length > 0) {
      this.#etcd = this.#started(onEtcd, await startEtcd(join(this.#folder, "etcd")));
    }
    if (wanted(["redlock"])) {
      this.#redis = this.#started(["redlock"], await startRedis(join(this.#folder, "redis")));
    }
    if (wanted(["postgres"])) {
      const postgres = await startPostgres(join(this.#folder, "postgres"));
      this.#postgres = this.#started(["postgres"], postgres);
    }
  }

  #started<S extends ServerSet>(parts: readonly string[], result: ServersResult<S>): S | undefined {
    if (result.kind === "started") return result;
    for (const part of parts) this.#figures[`skipped.${part}`] = result.reason;
    this.#report(`  without ${parts.join(", ")}: ${result.reason}`);
    return undefined;
  }

  async #throughput(): Promise<void> {
    const names = contenderNames.filter(
      (name) => this.#options.parts.has(name) && this.#figures[`skipped.${name}`] === undefined,
    );
    const tournament = new Tournament(this.#arena());
    try {
      this.#report("finding each contender's best concurrency");
      for (const name of names) await tournament.enter(name);
      this.#report("measuring by turns");
      const { rounds, roundS } = this.#options;
      Object.assign(
        this.#figures,
        throughputFigures(await tournament.play(rounds, roundS * 1_000)),
      );
    } finally {
      await tournament.stop();
    }
  }

  #arena(): Arena {
    const servers: Partial<Record<ContenderName, ServerSet | undefined>> = {
      redlock: this.#redis,
      postgres: this.#postgres,
    };
    return {
      settings: {
        etcd: this.#etcd?.endpoints ?? [],
        redis: this.#redis?.ports ?? [],
        postgres: this.#postgres?.port ?? 0,
        router: "",
      },
      serverPids: (name) => ({ server: (servers[name] ?? this.#etcd)?.pids() ?? [] }),
      tidyUp: async (name) => {
        if (servers[name] === undefined) await this.#etcd?.compact();
      },
      execArgv: [],
      report: this.#report,
    };
  }
}
