/** Where the clients in one region find their servers. */
export interface RegionSettings {
  readonly region: string;
  /** Routers as `host:port`: their own region's, then the others' over the relays. */
  readonly routers: readonly string[];
  /** URLs of the members of the region's own shard. */
  readonly etcd: readonly string[];
  /** URL of the region's own member of the stretched cluster. */
  readonly stretched: string;
  /** `host:port` of a server in each other region that sends back what it gets. */
  readonly echoes: Readonly<Record<string, string>>;
}
