import type { Meter } from "@holdfast/engine/ports/meter";
import type { ServiceTls } from "@holdfast/runtime/open-tls";

/** Tells when the certificates of a process end; nothing where it has none. */
export function tellCertificates(meter: Meter, tls?: Pick<ServiceTls, "followExpiry">): void {
  const expires = meter.gauge({
    name: "holdfast_certificate_expires_timestamp_seconds",
    help:
      "When a certificate in use ends, in seconds since 1970, by what it is for: service, etcd, " +
      "kafka, redis, s3 or traces; with -ca, the first to end of the authorities believed there.",
    labels: ["use"],
  });
  tls?.followExpiry((use, atSeconds) => expires.set(atSeconds, { use }));
}
