import { type HaproxyOptions, haproxyConfig, type TlsVariant } from "./haproxy-config.ts";

/** The configurations that lie beside the README, by file name. */
export const examples: readonly { readonly file: string; readonly tls: TlsVariant }[] = [
  { file: "haproxy.cfg", tls: "none" },
  { file: "haproxy-tls-through.cfg", tls: "through" },
  { file: "haproxy-tls-ends.cfg", tls: "ends" },
];

const files = {
  identity: "/etc/haproxy/tls/haproxy.pem",
  authorities: "/etc/haproxy/tls/ca.crt",
  routerName: "router.holdfast.internal",
};

/** What the example has in its file, or the same with other addresses. */
export function exampleOf(tls: TlsVariant, other: Partial<HaproxyOptions> = {}): string {
  const routers = [1, 2, 3].map((number) => ({
    name: `router-${number}`,
    grpc: `10.0.${number}.10:7420`,
    readyPort: 9_464,
  }));
  const config = haproxyConfig({
    tls,
    files,
    listen: ":7420",
    metricsListen: "127.0.0.1:8405",
    adminSocket: "/run/haproxy/admin.sock",
    connectionsMax: 20_000,
    routers,
    ...other,
  });
  return `# Written by \`node infra/haproxy/src/main.ts\`; see infra/haproxy/README.md.\n\n${config}`;
}
