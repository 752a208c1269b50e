import type { EndpointsDocument } from "./endpoints-file.ts";
import { whyNoGlobalLocks } from "./layout.ts";
import { tableLines } from "./table.ts";
import type { TextStyle } from "./text-style.ts";

/** The lines shown when everything serves: what runs where, and what to type next. */
export function welcomeLines(
  document: EndpointsDocument,
  style: TextStyle,
  options: {
    readonly tookMs: number;
    readonly dataDir: string;
    /** False when the command line tool looks elsewhere for endpoints.json. */
    readonly foundByCli: boolean;
  },
): string[] {
  const seconds = (options.tookMs / 1000).toFixed(1);
  const endpoints = document.regions.map((region) => region.endpoint).join(",");
  const { audit } = document;
  const settings = [
    `export HOLDFAST_ENDPOINTS=${endpoints}`,
    ...(audit === undefined ? [] : recordSettings(document.regions[0]?.region ?? "", audit)),
    ...tlsSettings(document),
  ];
  const kept = document.store === "etcd" ? "Data and logs are" : "Logs are";
  return [
    "",
    ...tableLines(rows(document, style)).map((line) => `  ${line}`),
    "",
    `${style.good("Ready")} in ${seconds} s. In another terminal, type`,
    "",
    ...(options.foundByCli ? [] : settings.map((line) => `  ${style.bold(line)}`)),
    ...tableLines(commands(document, style)).map((line) => `  ${line}`),
    "",
    ...globalNote(document, style),
    ...recordNote(document, style),
    ...tlsNote(document, options.foundByCli, style),
    style.dim(`${kept} in ${options.dataDir}. Ctrl-C stops everything.`),
  ];
}

function rows(document: EndpointsDocument, style: TextStyle): string[][] {
  const storeTitle = document.store === "etcd" ? "ETCD" : "STORE";
  const header = ["REGION", "ROUTER", "SHARD", storeTitle].map((title) => style.dim(title));
  const body = document.regions.flatMap(({ region, endpoint, shards }) =>
    shards.map((shard, i) => [
      i === 0 ? style.bold(region) : "",
      i === 0 ? style.accent(endpoint) : "",
      shard.name,
      document.store === "etcd" ? etcdAddresses(shard.endpoints) : style.warn("memory"),
    ]),
  );
  return [header, ...body];
}

/** "127.0.0.1:23790", or "127.0.0.1:23790, 23791, 23792" for several members on one host. */
function etcdAddresses(endpoints: readonly string[]): string {
  const urls = endpoints.map((endpoint) => new URL(endpoint));
  const [first, ...others] = urls;
  return [first?.host, ...others.map((url) => url.port)].join(", ");
}

/** Where there are no global locks, why. */
function globalNote({ store, regions }: EndpointsDocument, style: TextStyle): string[] {
  const why = whyNoGlobalLocks(store, regions.length);
  return why === undefined ? [] : [style.warn(`${why.charAt(0).toUpperCase()}${why.slice(1)}.`)];
}

/** What the record must be told, which knows the locks of all regions. */
function recordSettings(region: string, audit: string): string[] {
  return [`export HOLDFAST_REGION=${region}`, `export HOLDFAST_AUDIT_ENDPOINT=${audit}`];
}

/** What a command line tool must be told that does not find endpoints.json. */
function tlsSettings({ tls }: EndpointsDocument): string[] {
  if (tls === undefined) return [];
  return [
    `export HOLDFAST_TLS_CA=${tls.ca} HOLDFAST_TLS_CERT=${tls.cert} HOLDFAST_TLS_KEY=${tls.key}`,
  ];
}

/** Where the certificates are. */
function tlsNote({ tls }: EndpointsDocument, found: boolean, style: TextStyle): string[] {
  if (tls === undefined) return [];
  const cli = found ? "The command line tool finds its certificate by itself; others" : "Programs";
  const lines = [
    `${cli} are to show ${tls.cert}`,
    `and believe ${tls.ca}: npx holdfast ls --tls-ca … --tls-cert … --tls-key …`,
  ];
  return lines.map((line) => style.dim(line));
}

/** Where the record of what happened is kept. */
function recordNote({ audit, stores }: EndpointsDocument, style: TextStyle): string[] {
  if (audit === undefined) {
    return [
      style.warn("There is no record of what happened: it needs etcd, not the memory store."),
    ];
  }
  if (stores === undefined) {
    const lines = [
      `What happens is recorded in memory, and asked at ${audit};`,
      "npm start -- --audit keeps it for good.",
    ];
    return lines.map((line) => style.dim(line));
  }
  const { kafka, postgres, redis, s3 } = stores;
  const lines = [
    `What happens is recorded for good, and asked at ${audit}:`,
    `Kafka ${kafka}, Postgres ${postgres}, S3 ${s3}.`,
    `Cached reads are in Redis ${redis}.`,
  ];
  return lines.map((line) => style.dim(line));
}

function commands({ store, regions, audit }: EndpointsDocument, style: TextStyle): string[][] {
  const lines: [string, string][] = [
    ["npx holdfast acquire order:12345 --ttl 30s", "take a lock, leave it held 30 s"],
    ["npx holdfast try order:12345", "take it again: busy, and by whom"],
    ["npx holdfast ls", "see what is held"],
    ["npx holdfast watch 'order:*'", "follow what happens to it"],
    ["npx holdfast exec nightly-report -- sleep 5", "run a command under a lock"],
    ...(whyNoGlobalLocks(store, regions.length) === undefined ? globalCommands : []),
    ...(audit === undefined ? [] : recordCommands),
  ];
  return lines.map(([command, meaning]) => [style.bold(command), style.dim(meaning)]);
}

const globalCommands: readonly [string, string][] = [
  ["npx holdfast acquire --global leader", "take it by two of three regions"],
  ["npx holdfast get --global leader", "see what each region says of it"],
  ["npx holdfast region ls", "see which regions vote"],
];

const recordCommands: readonly [string, string][] = [
  ["npx holdfast audit timeline order:12345", "see all that happened to it"],
  ["npx holdfast audit verify", "prove that nothing was changed"],
];
