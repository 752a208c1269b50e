import type { ViolationPlace } from "@holdfast/engine/ledger-cursor";
import type { ViolationsQuery } from "@holdfast/engine/ports/ledger";
import type { EventReference, Violation } from "@holdfast/engine/ports/ledger-records";
import type pg from "pg";

interface ViolationRow {
  readonly id: string;
  readonly rule: string;
  readonly lock_region: string | null;
  readonly lock_namespace: string | null;
  readonly lock_name: string | null;
  readonly at_ms: string;
  readonly found_at_ms: string;
  readonly message: string;
  readonly events: readonly { cluster: string; revision: string; index: number }[];
}

/** Adds those that are not there yet, all or none. */
export async function insertViolations(
  client: pg.ClientBase,
  violations: readonly Violation[],
): Promise<void> {
  // Findings are so rare that what a statement for each costs is of no account.
  for (const { id, rule, lock, atMs, foundAtMs, message, events } of violations) {
    const where = [lock?.region, lock?.namespace, lock?.name];
    await client.query({
      text: `insert into holdfast.violations values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict do nothing`,
      values: [id, rule, ...where, atMs, foundAtMs, message, eventsText(events)],
    });
  }
}

/** Latest found first; one more than the limit. */
export async function selectViolations(
  client: pg.ClientBase,
  { fromMs, toMs, limit }: ViolationsQuery,
  behind: ViolationPlace | undefined,
): Promise<Violation[]> {
  const { rows } = await client.query<ViolationRow>({
    text: `
      select * from holdfast.violations
      where found_at_ms between $1 and $2 and (found_at_ms, id) < ($3::bigint, $4)
      order by found_at_ms desc, id desc limit $5`,
    values: [fromMs, toMs, behind?.foundAtMs ?? toMs + 1, behind?.id ?? "", limit + 1],
  });
  return rows.map(violationOf);
}

function violationOf(row: ViolationRow): Violation {
  const { lock_region: region, lock_namespace: namespace, lock_name: name } = row;
  const hasLock = region !== null && namespace !== null && name !== null;
  return {
    id: row.id,
    rule: row.rule,
    ...(hasLock ? { lock: { region, namespace, name } } : {}),
    atMs: Number(row.at_ms),
    foundAtMs: Number(row.found_at_ms),
    message: row.message,
    events: row.events.map((event) => ({ ...event, revision: BigInt(event.revision) })),
  };
}

function eventsText(events: readonly EventReference[]): string {
  return JSON.stringify(
    events.map(({ cluster, revision, index }) => ({ cluster, revision: String(revision), index })),
  );
}
