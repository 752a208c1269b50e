/** The regions of the world, in the order of their names. */
export const regionNames = ["east", "north", "west"] as const;

export const cluster = "simulation";
export const namespace = "n";

/** Where a process or a shard stands: names begin with their region. */
export function regionOf(name: string): string {
  return name.slice(0, name.indexOf("/"));
}

/** The endpoint of a router, which is the name of its process too. */
export function routerName(region: string, index: number): string {
  return `${region}/r${index}:7420`;
}

export function coordinatorName(region: string, index: number): string {
  return `${region}/k${index}`;
}

export function shardName(region: string, index: number): string {
  return `${region}/s${index}`;
}
