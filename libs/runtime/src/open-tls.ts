import type { Clock } from "@holdfast/base/clock";
import type { DoorTls } from "@holdfast/base/tls/door";
import type { TlsFiles, TlsIdentity } from "@holdfast/base/tls/material";
import type { Logger } from "./log.ts";
import type { TlsConfig } from "./tls-settings.ts";
import { TlsWatch } from "./tls-watch.ts";

/** What a service shows at its ports and to others; a part that is undefined is plain text. */
export interface ServiceTls {
  /** For every port of its own. */
  readonly door: DoorTls | undefined;
  /** Towards other services. */
  readonly service: TlsIdentity | undefined;
  readonly etcd: TlsIdentity | undefined;
  readonly kafka: TlsIdentity | undefined;
  readonly redis: TlsIdentity | undefined;
  /** Towards S3 and a collector of traces; undefined: the system's authorities are believed. */
  readonly s3: TlsIdentity | undefined;
  readonly traces: TlsIdentity | undefined;
  /** Tells the end of each certificate, in seconds since 1970, now and whenever files are read. */
  followExpiry(listener: (use: string, atSeconds: number) => void): void;
  /** Stops reading the files. */
  close(): void;
}

/** Somebody who tries again and again is told of once in so long, in ms. */
const refusedAgainMs = 60_000;
/** So many are told of in that time: a stranger may call himself something else each time. */
const refusedMax = 256;

/**
 * Reads the certificates, and goes on reading them. Throws ConfigError where they cannot be used.
 */
export function openTls(config: TlsConfig, clock: Clock, log: Logger): ServiceTls {
  const expiries = new Map<string, number>();
  const watches = new Map<string, TlsWatch>();
  let follow: (use: string, atSeconds: number) => void = () => {};
  const watch = (use: string, files: TlsFiles | undefined): TlsWatch | undefined => {
    if (files === undefined) return undefined;
    // Most often it is the same three files for all.
    const known = watches.get(JSON.stringify(files));
    if (known !== undefined) return known;
    const onExpiry = (what: string, atSeconds: number): void => {
      expiries.set(what, atSeconds);
      follow(what, atSeconds);
    };
    const made = new TlsWatch({ files, use, clock, log, onExpiry });
    watches.set(JSON.stringify(files), made);
    return made;
  };
  const service = watch("service", config.service);
  return {
    door: service && { identity: service, onRefused: tellRefused(clock, log) },
    service,
    etcd: watch("etcd", config.etcd),
    kafka: watch("kafka", config.kafka),
    redis: watch("redis", config.redis),
    s3: watch("s3", config.s3),
    traces: watch("traces", config.traces),
    followExpiry: (follower) => {
      follow = follower;
      for (const [use, atSeconds] of expiries) follow(use, atSeconds);
    },
    close: () => {
      for (const each of watches.values()) each.close();
    },
  };
}

/** Tells of who was turned away, and of nobody who would fill the log. */
export function tellRefused(clock: Clock, log: Pick<Logger, "warn">): DoorTls["onRefused"] {
  const toldMs = new Map<string, number>();
  return (from, why) => {
    const nowMs = clock.monotonicMs();
    const last = toldMs.get(`${from} ${why}`);
    if (last !== undefined && nowMs - last < refusedAgainMs) return;
    for (const [whom, atMs] of toldMs) {
      if (nowMs - atMs < refusedAgainMs) break;
      toldMs.delete(whom);
    }
    if (toldMs.size >= refusedMax) return;
    // In the order in which they were told, the oldest first.
    toldMs.delete(`${from} ${why}`);
    toldMs.set(`${from} ${why}`, nowMs);
    const event = { "event.action": "tls-refused", "client.address": from };
    log.warn(event, `${from} was turned away: ${why}`);
  };
}
