import type { Clock, Timer } from "@holdfast/base/clock";
import {
  isTlsFault,
  readTlsFiles,
  type TlsFiles,
  type TlsIdentity,
  type TlsMaterial,
} from "@holdfast/base/tls/material";
import type { Logger } from "./log.ts";
import { ConfigError } from "./service.ts";

/** How often the files are read again, in ms. */
const rereadMs = 10_000;
/** So long before a certificate ends the log says so, in ms. */
const warnMs = 14 * 86_400_000;
/** And says it again as long as nobody does anything about it, in ms. */
const warnAgainMs = 6 * 3_600_000;

/** Which files, and who hears of them. */
export interface TlsWatchOptions {
  readonly files: TlsFiles;
  /** What the material is for: `service`, `etcd`, `kafka`, `redis`, `s3`, `traces`. */
  readonly use: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Hears the end of each certificate, in seconds since 1970, whenever the files were read. */
  readonly onExpiry?: ((use: string, atSeconds: number) => void) | undefined;
}

/**
 * Material from files that are read again and again, so that a certificate is renewed without a
 * restart. Files that do not fit together (one is written and the other not yet) change nothing.
 */
export class TlsWatch implements TlsIdentity {
  readonly #options: TlsWatchOptions;
  readonly #listeners = new Set<() => void>();
  #current: TlsMaterial;
  #complaint: string | undefined;
  #warnedMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  /** Throws ConfigError where the files cannot be used. */
  constructor(options: TlsWatchOptions) {
    this.#options = options;
    const found = readTlsFiles(options.files);
    if (isTlsFault(found)) {
      throw new ConfigError(`The certificates (${options.use}) cannot be used: ${found.message}.`);
    }
    this.#current = found;
    this.#tellExpiry();
    this.#schedule();
  }

  get current(): TlsMaterial {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.schedule(rereadMs, () => {
      this.#reread();
      this.#schedule();
    });
  }

  #reread(): void {
    const { files, log, use } = this.#options;
    const found = readTlsFiles(files);
    if (isTlsFault(found)) {
      const message = `the certificates (${use}) stay as they were: ${found.message}`;
      // Once, not every ten seconds.
      if (message !== this.#complaint)
        log.warn({ "event.action": "certificate-kept", use }, message);
      this.#complaint = message;
      return;
    }
    this.#complaint = undefined;
    if (!isSame(found, this.#current)) {
      this.#current = found;
      this.#warnedMs = Number.NEGATIVE_INFINITY;
      const message = `the certificates (${use}) were replaced; good until ${untilText(found)}`;
      log.info({ "event.action": "certificate-replaced", use }, message);
      for (const listener of this.#listeners) listener();
    }
    this.#tellExpiry();
  }

  #tellExpiry(): void {
    const { clock, log, use, onExpiry } = this.#options;
    const { own, ca } = this.#current.expiresMs;
    if (own !== undefined) onExpiry?.(use, own / 1_000);
    onExpiry?.(`${use}-ca`, ca / 1_000);
    const nowMs = clock.wallMs();
    const firstMs = firstEndMs(this.#current);
    if (firstMs - nowMs > warnMs || clock.monotonicMs() - this.#warnedMs < warnAgainMs) return;
    this.#warnedMs = clock.monotonicMs();
    const which = own === firstMs ? "certificate" : "CA's certificate";
    const at = new Date(firstMs).toISOString();
    if (firstMs > nowMs) {
      const days = Math.floor((firstMs - nowMs) / 86_400_000);
      const message = `the ${which} (${use}) expires in ${days} days, on ${at}: renew it`;
      log.warn({ "event.action": "certificate-expires", use }, message);
    } else {
      const message = `the ${which} (${use}) has expired, on ${at}: nobody will believe it; renew it`;
      log.error({ "event.action": "certificate-expired", use }, message);
    }
  }
}

function firstEndMs({ expiresMs: { own, ca } }: TlsMaterial): number {
  return own === undefined ? ca : Math.min(own, ca);
}

function untilText(material: TlsMaterial): string {
  return new Date(firstEndMs(material)).toISOString();
}

function isSame(one: TlsMaterial, two: TlsMaterial): boolean {
  return one.ca === two.ca && one.own?.cert === two.own?.cert && one.own?.key === two.own?.key;
}
