import type pg from "pg";
import { inTransaction } from "./connections.ts";
import { migrations } from "./migrations.ts";
import { schemaLock } from "./server-locks.ts";

/** The oldest server that has been tried. */
const serverVersionMin = 15;

/** Why a database cannot be worked with as it is. */
export interface SchemaProblem {
  readonly reason: "unsuitable" | "schema-newer" | "schema-older";
  readonly message: string;
}

/** What the server must be, whatever the schema. */
export async function serverProblem(client: pg.ClientBase): Promise<SchemaProblem | undefined> {
  const { rows } = await client.query<{ version: number; encoding: string }>(
    `select current_setting('server_version_num')::int / 10000 as version,
      current_setting('server_encoding') as encoding`,
  );
  const { version = 0, encoding = "" } = rows[0] ?? {};
  if (version < serverVersionMin) {
    const message = `Postgres ${version} is older than ${serverVersionMin}`;
    return { reason: "unsuitable", message };
  }
  if (encoding === "UTF8") return undefined;
  const message = `the database is encoded in ${encoding}: names need UTF8`;
  return { reason: "unsuitable", message };
}

/** Whether the schema is the one that this code knows; changes nothing. */
export async function schemaProblem(client: pg.ClientBase): Promise<SchemaProblem | undefined> {
  const version = await schemaVersion(client);
  return version < migrations.length ? older(version) : newer(version);
}

/**
 * Brings the schema up to date, all missing steps or none. Of several at once one does it and the
 * others wait.
 */
export function migrate(client: pg.ClientBase): Promise<SchemaProblem | undefined> {
  return inTransaction(client, async () => {
    await client.query("select pg_advisory_xact_lock($1)", [schemaLock]);
    const version = await schemaVersion(client);
    const problem = newer(version);
    if (problem !== undefined) return problem;
    if (version === 0) {
      await client.query("create schema if not exists holdfast");
      await client.query(
        `create table holdfast.schema_versions (
          version int primary key,
          name text not null,
          migrated_at timestamptz not null default now()
        )`,
      );
    }
    for (const step of migrations.slice(version)) {
      await client.query(step.sql);
      await client.query("insert into holdfast.schema_versions (version, name) values ($1, $2)", [
        step.version,
        step.name,
      ]);
    }
    return undefined;
  });
}

async function schemaVersion(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('holdfast.schema_versions') is not null as there",
  );
  if (rows[0]?.there !== true) return 0;
  const versions = await client.query<{ version: number }>(
    "select coalesce(max(version), 0) as version from holdfast.schema_versions",
  );
  return versions.rows[0]?.version ?? 0;
}

function newer(version: number): SchemaProblem | undefined {
  if (version <= migrations.length) return undefined;
  return {
    reason: "schema-newer",
    message:
      `the database has schema version ${version}, this program knows ${migrations.length}: ` +
      "a newer one has been here; use that, nothing was touched",
  };
}

function older(version: number): SchemaProblem {
  const has = version === 0 ? "no schema yet" : `schema version ${version}`;
  return {
    reason: "schema-older",
    message: `the database has ${has}, this program needs ${migrations.length}: start the auditor`,
  };
}
