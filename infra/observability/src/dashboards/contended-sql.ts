import { variable } from "./sources.ts";

/**
 * Requests that stood in line, each once: of a global lock every region tells, and a place that is
 * taken again after a restart of the journal is told again. The kind 1 is `WaiterQueued`, for which
 * the ledger has an index of its own.
 */
const waits = `
with waits as (
  select lock_region_id, lock_namespace, lock_name, grant_id, min(at_ms) as at_ms
  from holdfast.events
  where kind_id = 1 and lock_hash is not null
    and at_ms between $__unixEpochFrom()::bigint * 1000 and $__unixEpochTo()::bigint * 1000
  group by lock_region_id, lock_namespace, lock_name, grant_id
), top as (
  select n.name as region, w.lock_region_id, w.lock_namespace, w.lock_name, count(*) as waiters
  from waits w join holdfast.names n on n.id = w.lock_region_id
  where n.name ~ '^(${variable("region:regex")})$'
  group by n.name, w.lock_region_id, w.lock_namespace, w.lock_name
  order by waiters desc, n.name, w.lock_namespace, w.lock_name limit 10
)`.trim();

/** The ten locks that were waited for most, and how often in each stretch of time. */
export const contendedOverTime = `${waits}
select w.at_ms / $__interval_ms * $__interval_ms / 1000 as "time",
  t.region || ' ' || t.lock_namespace || '/' || t.lock_name as metric,
  count(*) as waiters
from waits w join top t using (lock_region_id, lock_namespace, lock_name)
group by 1, 2 order by 1, 2`;

/** The same ten with their sums, as `holdfast audit contended` tells them. */
export const contendedNow = `${waits}
select region, lock_namespace as namespace, lock_name as lock, waiters
from top order by waiters desc, region, namespace, lock`;
