/** What `npm start` tells of itself in `endpoints.json`, as far as it is read here. */
export interface LocalEndpoints {
  readonly metrics: readonly {
    readonly service: string;
    readonly region?: string;
    readonly address: string;
  }[];
  readonly regions: readonly {
    readonly region: string;
    readonly shards: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
  }[];
}

/** Some addresses that share their labels, as `file_sd_configs` of Prometheus reads them. */
export interface Targets {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Every process and every member of etcd, with the labels that rules and dashboards know. */
export function localTargets({ metrics, regions }: LocalEndpoints): Targets[] {
  return [
    ...metrics.map(({ service: component, region, address }) => ({
      targets: [address],
      labels: { component, ...(region !== undefined && { region }) },
    })),
    ...regions.flatMap(({ region, shards }) =>
      shards.map(({ name: shard, endpoints }) => ({
        targets: endpoints.map((endpoint) => new URL(endpoint).host),
        labels: { component: "etcd", region, shard },
      })),
    ),
  ];
}
