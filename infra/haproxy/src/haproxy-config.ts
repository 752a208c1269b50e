/** Where one router is. */
export interface RouterAddress {
  readonly name: string;
  /** `host:port` of its gRPC. */
  readonly grpc: string;
  /** Port of its `/ready`, on the same host. */
  readonly readyPort: number;
}

/**
 * What becomes of TLS. `none`: plain text on both sides, for a network of one's own. `through`: the
 * routers' own, of which the balancer sees nothing. `ends`: clients' TLS ends at the balancer, and
 * it has TLS of its own with the routers.
 */
export type TlsVariant = "none" | "through" | "ends";

/** Whom the balancer trusts, and who it is itself. */
export interface TlsFiles {
  /** A file of PEM: certificate and key of the balancer, together. */
  readonly identity: string;
  /** A file of PEM: who signs clients and routers. */
  readonly authorities: string;
  /** A name that stands in the certificate of every router. */
  readonly routerName: string;
}

/** What a configuration is made of. */
export interface HaproxyOptions {
  readonly tls: TlsVariant;
  /** For every variant but `none`; `through` uses them to ask for health. */
  readonly files: TlsFiles;
  /** `address:port` clients connect to; without an address, all of them. */
  readonly listen: string;
  /** Where the balancer tells Prometheus of itself. */
  readonly metricsListen: string;
  /** Socket for operators. */
  readonly adminSocket: string;
  /** Clients' connections at once; each takes two descriptors. */
  readonly connectionsMax: number;
  readonly routers: readonly RouterAddress[];
}

/** Asked for health: 200 while a router takes work, 503 from the beginning of a drain on. */
export const readyPath = "/ready";

/** A configuration for HAProxy 2.6 and later. */
export function haproxyConfig(options: HaproxyOptions): string {
  return `${[processes(options), standards(options), door(options), routers(options), metrics(options)].join("\n\n")}\n`;
}

function processes({ adminSocket, connectionsMax, tls }: HaproxyOptions): string {
  return section("global", [
    "log stdout format raw local0 info",
    `maxconn ${connectionsMax}`,
    "# Streams that are open when it is told to end (SIGUSR1) or loads a new configuration.",
    "hard-stop-after 65m",
    "# For operators, see the README.",
    `stats socket ${adminSocket} mode 600 level admin`,
    ...(tls === "ends"
      ? [
          "ssl-default-bind-options ssl-min-ver TLSv1.2",
          "ssl-default-server-options ssl-min-ver TLSv1.2",
        ]
      : []),
  ]);
}

function standards({ tls }: HaproxyOptions): string {
  const isTcp = tls === "through";
  return section("defaults", [
    "log global",
    `mode ${isTcp ? "tcp" : "http"}`,
    `option ${isTcp ? "tcplog" : "httplog"}`,
    "option dontlognull",
    "timeout connect 2s",
    "timeout check 2s",
    ...(isTcp ? [] : ["timeout http-request 10s", "timeout http-keep-alive 2m"]),
    "# A stream may be silent for as long as its longest wait takes, an hour. Who vanished without a",
    "# word is found by the probes of TCP.",
    "timeout client 65m",
    "timeout server 65m",
    "timeout client-fin 30s",
    "option clitcpka",
    "clitcpka-idle 30s",
    "clitcpka-intvl 5s",
    "clitcpka-cnt 4",
    "option srvtcpka",
    "srvtcpka-idle 30s",
    "srvtcpka-intvl 5s",
    "srvtcpka-cnt 4",
    "# A router that does not listen any more has begun nothing: another one is asked, at once.",
    "retries 3",
    "option redispatch 1",
  ]);
}

function door({ tls, listen, files }: HaproxyOptions): string {
  const how = {
    none: " proto h2",
    through: "",
    ends: ` ssl crt ${files.identity} ca-file ${files.authorities} verify required alpn h2`,
  };
  return section("frontend holdfast", [`bind ${listen}${how[tls]}`, "default_backend routers"]);
}

function routers({ tls, files, routers: addresses }: HaproxyOptions): string {
  const { identity, authorities, routerName } = files;
  const mutual = `verify required verifyhost ${routerName} ca-file ${authorities} crt ${identity}`;
  const how = {
    none: "proto h2 check-proto h1",
    through: `check-ssl ${mutual}`,
    ends: `ssl alpn h2 check-ssl check-alpn http/1.1 ${mutual}`,
  };
  return section("backend routers", [
    "# Streams last for half an hour (HOLDFAST_CONNECTION_AGE): whoever has fewest gets the next.",
    "balance leastconn",
    `option httpchk GET ${readyPath}`,
    "http-check expect status 200",
    "# Streams of a router that drains go on until it has answered them: nothing is cut here.",
    "default-server check inter 1s fastinter 250ms downinter 1s fall 2 rise 2 slowstart 10s",
    ...addresses.map(({ name, grpc, readyPort }) => {
      return `server ${name} ${grpc} ${how[tls]} port ${readyPort}`;
    }),
  ]);
}

function metrics({ metricsListen }: HaproxyOptions): string {
  return section("frontend metrics", [
    `bind ${metricsListen}`,
    "mode http",
    "timeout client 10s",
    "http-request use-service prometheus-exporter if { path /metrics }",
    "http-request deny deny_status 404",
    "option dontlog-normal",
  ]);
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `    ${line}`)].join("\n");
}
