import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { EtcdMemberAddress } from "./etcd-command.ts";
import { loopbackUrl } from "./etcd-command.ts";
import { type EtcdStatus, etcdStatus, isEtcdHealthy } from "./etcd-health.ts";
import { ServerProcess } from "./server-process.ts";
import type { ServerTls } from "./server-tls.ts";

const START_TIMEOUT_MS = 30_000;
/**
 * The last leader of a cluster going down would look for a successor for many seconds. What it
 * has acknowledged is on disk, so nothing is lost by not letting it.
 */
const STOP_GRACE_MS = 1_000;

/** One etcd process of a cluster. */
export class EtcdMember extends ServerProcess {
  readonly name: string;
  readonly dataDir: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly #tls: ServerTls | undefined;

  constructor(
    binary: string,
    address: EtcdMemberAddress,
    args: readonly string[],
    logPath: string,
    tls?: ServerTls,
  ) {
    const clientUrl = loopbackUrl(address.clientPort, tls !== undefined);
    super({
      title: `etcd ${address.name}`,
      file: binary,
      args,
      logPath,
      isReady: () => isEtcdHealthy(clientUrl, undefined, tls),
      startTimeoutMs: START_TIMEOUT_MS,
      stopGraceMs: STOP_GRACE_MS,
    });
    this.name = address.name;
    this.dataDir = address.dataDir;
    this.clientUrl = clientUrl;
    this.peerUrl = loopbackUrl(address.peerPort, tls !== undefined);
    this.#tls = tls;
  }

  override start(): void {
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    super.start();
  }

  /** Kills it and removes its data: what is left of a member whose disk is gone. */
  async wipe(): Promise<void> {
    await this.kill("SIGKILL");
    await rm(this.dataDir, { recursive: true, force: true });
  }

  status(): Promise<EtcdStatus | undefined> {
    return etcdStatus(this.clientUrl, undefined, this.#tls);
  }
}
