import { ceiling, singleTxn } from "./ceiling.ts";
import type { Contender, ContenderName, ContenderSettings } from "./contender.ts";
import { etcd3Lock } from "./etcd3-lock.ts";
import { postgres } from "./postgres.ts";
import { redlock } from "./redlock.ts";

/** Builds a contender and connects it. */
export async function createContender(
  name: ContenderName,
  settings: ContenderSettings,
): Promise<Contender> {
  switch (name) {
    case "ceiling":
      return ceiling(settings.etcd);
    case "single_txn":
      return singleTxn(settings.etcd);
    case "etcd3_lock":
      return etcd3Lock(settings.etcd);
    case "redlock":
      return redlock(settings.redis);
    case "postgres":
      return postgres(settings.postgres);
    case "holdfast":
      throw new Error("later");
  }
}
