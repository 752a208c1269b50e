import { expect, test } from "vitest";
import { readTlsConfig } from "./tls-settings.ts";

const three = { HOLDFAST_TLS_CERT: "c", HOLDFAST_TLS_KEY: "k", HOLDFAST_TLS_CA: "a" };
const files = { cert: "c", key: "k", ca: "a" };

test("one set of files does for everything there is to secure", () => {
  const all = { ...three, HOLDFAST_KAFKA_TLS: "on" };
  expect(readTlsConfig(all)).toEqual({ service: files, etcd: files, kafka: files, redis: files });
  expect(readTlsConfig(three)).toMatchObject({ kafka: undefined });
  expect(readTlsConfig({})).toEqual({});
});

test("each of the stores may have an authority of its own, and ask for certificates of it", () => {
  const config = readTlsConfig({
    ...three,
    HOLDFAST_ETCD_TLS_CERT: "ec",
    HOLDFAST_ETCD_TLS_KEY: "ek",
    HOLDFAST_ETCD_TLS_CA: "ea",
    HOLDFAST_KAFKA_TLS: "on",
    HOLDFAST_KAFKA_TLS_CERT: "kc",
    HOLDFAST_KAFKA_TLS_KEY: "kk",
    HOLDFAST_KAFKA_TLS_CA: "ka",
    HOLDFAST_REDIS_TLS_CA: "ra",
    HOLDFAST_S3_TLS_CERT: "sc",
    HOLDFAST_S3_TLS_KEY: "sk",
    HOLDFAST_S3_TLS_CA: "sa",
    HOLDFAST_TRACES_TLS_CA: "ta",
  });
  expect(config).toEqual({
    service: files,
    etcd: { cert: "ec", key: "ek", ca: "ea" },
    kafka: { cert: "kc", key: "kk", ca: "ka" },
    redis: { ...files, ca: "ra" },
    s3: { cert: "sc", key: "sk", ca: "sa" },
    traces: { ...files, ca: "ta" },
  });
});

test("S3 and the collector of traces are believed by the system's authorities unless told else", () => {
  expect(readTlsConfig(three)).toMatchObject({ s3: undefined, traces: undefined });
  expect(readTlsConfig({ HOLDFAST_S3_TLS_CA: "sa" })).toEqual({ s3: { ca: "sa" } });
});

test.each(["HOLDFAST_REDIS_TLS", "HOLDFAST_S3_TLS", "HOLDFAST_TRACES_TLS"])(
  "a certificate of %s without its key, or without a CA, is refused",
  (name) => {
    const said = new RegExp(`${name}_CERT and ${name}_KEY go together, and with ${name}_CA`);
    expect(() => readTlsConfig({ [`${name}_CERT`]: "c", [`${name}_CA`]: "a" })).toThrow(said);
    const noCa = { [`${name}_CERT`]: "c", [`${name}_KEY`]: "k" };
    expect(() => readTlsConfig(noCa)).toThrow(said);
  },
);

test.each([
  ["HOLDFAST_REDIS", "redis", "HOLDFAST_REDIS_TLS_CA"],
  ["HOLDFAST_S3_ENDPOINT", "http", "HOLDFAST_S3_TLS_CA"],
  ["HOLDFAST_TRACES_ENDPOINT", "http", "HOLDFAST_TRACES_TLS_CA"],
])(
  "a CA for %s in plain text is refused: somebody believes it to be TLS",
  (address, scheme, ca) => {
    const set = (plain: string) => ({ [address]: `${plain}://there:1`, [ca]: "a" });
    expect(() => readTlsConfig(set(scheme))).toThrow(`begin it with ${scheme}s://`);
    expect(readTlsConfig(set(`${scheme}s`))).toBeDefined();
  },
);

test.each(["HOLDFAST_TLS_CERT", "HOLDFAST_TLS_KEY", "HOLDFAST_TLS_CA"])(
  "%s alone is refused",
  (name) => {
    expect(() => readTlsConfig({ [name]: "x" })).toThrow(/go together: set all three/);
  },
);

test("Kafka over TLS without any certificate is refused", () => {
  expect(() => readTlsConfig({ HOLDFAST_KAFKA_TLS: "on" })).toThrow(/needs certificates/);
});

test.each(["127.0.0.1:7420", "127.1.2.3:7420", "localhost:7420", "[::1]:7420"])(
  "plain text at %s stays on this machine, and is fine",
  (address) => {
    expect(readTlsConfig({}, { HOLDFAST_LISTEN: address })).toEqual({});
  },
);

test.each(["0.0.0.0:7420", ":7420", "[::]:7420", "10.0.0.5:7420", "localhost.example:7420"])(
  "plain text at %s has to be allowed in so many words",
  (address) => {
    const listens = { HOLDFAST_LISTEN: address, HOLDFAST_METRICS_LISTEN: undefined };
    expect(() => readTlsConfig({}, listens)).toThrow(/HOLDFAST_LISTEN .* reached from other mach/);
    expect(readTlsConfig({ HOLDFAST_PLAINTEXT: "allow" }, listens)).toEqual({});
    expect(readTlsConfig(three, listens)).toMatchObject({ service: files });
    expect(() => readTlsConfig({ HOLDFAST_PLAINTEXT: "yes" }, listens)).toThrow(/PLAINTEXT/);
  },
);

test("plain text to another machine has to be allowed in so many words, too", () => {
  const set = { ...three, HOLDFAST_POSTGRES: "postgres://user:secret@ledger/audit" };
  expect(() => readTlsConfig(set)).toThrow(
    /^HOLDFAST_POSTGRES names ledger, .*: add \?sslmode=verify-full to it, or set HOLDFAST_PLAINTEXT/,
  );
  expect(readTlsConfig({ ...set, HOLDFAST_PLAINTEXT: "allow" })).toMatchObject({ service: files });
});
