import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContenderName, ContenderSettings } from "./contenders/contender.ts";
import type { ServerPids } from "./measured-load.ts";
import type { Part } from "./parts.ts";
import { type EtcdServers, startEtcd } from "./servers/etcd-cluster.ts";
import { type HoldfastServers, startHoldfast } from "./servers/holdfast.ts";
import { type PostgresServer, startPostgres } from "./servers/postgres.ts";
import { type RedisServers, startRedis } from "./servers/redis.ts";
import type { ServerSet, ServersResult } from "./servers/server-set.ts";

/** The servers of one run, with all their data in one folder that goes away with them. */
export class LocalServers {
  /** Why a part cannot be measured here. */
  readonly missing = new Map<Part, string>();
  readonly #folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  #etcd: EtcdServers | undefined;
  #redis: RedisServers | undefined;
  #postgres: PostgresServer | undefined;
  #holdfast: HoldfastServers | undefined;

  /**
   * Starts what the parts need; a server that cannot be had leaves its parts in {@link missing}.
   */
  async start(parts: ReadonlySet<Part>): Promise<void> {
    const of = (...names: Part[]): Part[] => names.filter((name) => parts.has(name));
    const redis = of("redlock");
    const postgres = of("postgres");
    const etcd = [...parts].filter((part) => !redis.includes(part) && !postgres.includes(part));
    if (etcd.length > 0) {
      this.#etcd = this.#unless(etcd, await startEtcd(join(this.#folder, "etcd")));
    }
    if (redis.length > 0) {
      this.#redis = this.#unless(redis, await startRedis(join(this.#folder, "redis")));
    }
    if (postgres.length > 0) {
      this.#postgres = this.#unless(postgres, await startPostgres(join(this.#folder, "postgres")));
    }
  }

  /** Gives Holdfast new processes: what the last ones did is not in their heaps. */
  async freshHoldfast(execArgv: readonly string[]): Promise<HoldfastServers> {
    await this.#holdfast?.stop();
    const options = { etcd: this.etcd.endpoints, folder: this.#folder, execArgv };
    this.#holdfast = await startHoldfast(options);
    return this.#holdfast;
  }

  /** A region more over the same etcd, with settings of its own; whoever asks for it ends it. */
  anotherHoldfast(
    env: Readonly<Record<string, string>>,
    execArgv: readonly string[],
  ): Promise<HoldfastServers> {
    const folder = mkdtempSync(join(this.#folder, "another-"));
    return startHoldfast({ etcd: this.etcd.endpoints, folder, execArgv, env });
  }

  get holdfast(): HoldfastServers {
    if (this.#holdfast === undefined) throw new Error("there is no router in this run");
    return this.#holdfast;
  }

  get etcd(): EtcdServers {
    if (this.#etcd === undefined) throw new Error("there is no etcd in this run");
    return this.#etcd;
  }

  get settings(): ContenderSettings {
    return {
      etcd: this.#etcd?.endpoints ?? [],
      redis: this.#redis?.ports ?? [],
      postgres: this.#postgres?.port ?? 0,
      router: this.#holdfast?.endpoint ?? "",
    };
  }

  /** Versions of the servers that run. */
  get versions(): Record<string, string> {
    const servers = { etcd: this.#etcd, redis: this.#redis, postgres: this.#postgres };
    return Object.fromEntries(
      Object.entries(servers).flatMap(([name, server]) =>
        server === undefined ? [] : [[name, server.version]],
      ),
    );
  }

  /** Whom a contender's work is charged to. */
  pidsFor(name: ContenderName): ServerPids {
    if (name === "redlock") return { redis: this.#redis?.pids() ?? [] };
    if (name === "postgres") return { postgres: this.#postgres?.pids() ?? [] };
    const etcd = this.#etcd?.pids() ?? [];
    if (name !== "holdfast") return { etcd };
    return { etcd, router: this.#holdfast === undefined ? [] : [this.#holdfast.routerPid] };
  }

  /** Ends everything and removes the data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holdfast?.stop();
    await Promise.all([this.#etcd?.stop(), this.#redis?.stop(), this.#postgres?.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #unless<S extends ServerSet>(parts: readonly Part[], result: ServersResult<S>): S | undefined {
    if (result.kind === "started") return result;
    for (const part of parts) this.missing.set(part, result.reason);
    return undefined;
  }
}
