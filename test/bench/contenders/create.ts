import type { Contender, ContenderName, ContenderSettings } from "./contender.ts";

/** Builds a contender and connects it. Its process loads the code of no other. */
export async function createContender(
  name: ContenderName,
  settings: ContenderSettings,
): Promise<Contender> {
  switch (name) {
    case "ceiling":
      return (await import("./ceiling.ts")).ceiling(settings.etcd);
    case "single_txn":
      return (await import("./ceiling.ts")).singleTxn(settings.etcd);
    case "etcd3_lock":
      return (await import("./etcd3-lock.ts")).etcd3Lock(settings.etcd);
    case "redlock":
      return (await import("./redlock.ts")).redlock(settings.redis);
    case "postgres":
      return (await import("./postgres.ts")).postgres(settings.postgres);
    case "holdfast":
      return (await import("./holdfast.ts")).holdfast([settings.router]);
  }
}
